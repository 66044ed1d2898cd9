import { FaultyStorage } from '../../../src/testing/faulty-storage.js';

/** Knows how many deletions are under way, those that wait included. */
export class CountingStorage extends FaultyStorage {
  deleting = 0;

  override async delete(...args: Parameters<FaultyStorage['delete']>): ReturnType<FaultyStorage['delete']> {
    this.deleting++;
    try {
      return await super.delete(...args);
    } finally {
      this.deleting--;
    }
  }
}
