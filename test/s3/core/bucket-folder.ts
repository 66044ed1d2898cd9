import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bringFiles, storageOf } from './registry-on-s3.js';

/**
 * Stands in for a temporary folder: what a storage over it holds is in a bucket, below the folder's name as prefix. The folder
 * itself is there, and what a test puts into it goes to the bucket.
 */
export class TemporaryFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(purpose = 'test'): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), `file-registry-${purpose}-`)));
  }

  async files(): Promise<string[]> {
    await bringFiles(this.path);
    const keys: string[] = [];
    for await (const { key } of storageOf(basename(this.path)).list()) keys.push(key);
    return keys.toSorted();
  }

  entries(): Promise<string[]> {
    return this.files();
  }

  async remove(): Promise<void> {
    const keys = await this.files();
    await storageOf(basename(this.path)).delete(keys.map((key) => ({ key, abandoned: true })));
    await rm(this.path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
