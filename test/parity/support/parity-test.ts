import type { StoredFile } from 'nestjs-file-registry';
import { afterEach } from 'vitest';
import {
  createWatchedRegistry,
  type WatchedRegistry,
  type WatchedRegistryOptions,
} from '../../outbox/support/watched-registry.js';
import { Articles } from './articles.js';

/** An application with articles. Its periods are a day, as by default. */
export class ParityTest {
  readonly articles: Articles;

  constructor(readonly registry: WatchedRegistry) {
    this.articles = new Articles(registry.db, registry.files);
  }

  async graceEnds(): Promise<void> {
    await this.registry.passTime('25 hours');
    await this.registry.processor.drain();
  }

  /** Whether the file is there, as its row and its bytes both say. */
  async isThere(file: StoredFile): Promise<boolean> {
    const bytes = await this.registry.hasBytes(file);
    const row = (await this.registry.files.find(file)) !== null;
    if (row !== bytes)
      throw new Error(`${file.key} has ${row ? 'a' : 'no'} row and ${bytes ? '' : 'no '}bytes.`);
    return bytes;
  }
}

/** Call it at a test file's top level. Every test begins with an empty registry and ends with a look at the laws. */
export async function createParityTest(
  options: WatchedRegistryOptions = {},
  tables = '',
): Promise<ParityTest> {
  const registry = await createWatchedRegistry(options);
  await Articles.createTables(registry.pool);
  await registry.pool.query(tables);
  afterEach(() => registry.assertLaws());
  return new ParityTest(registry);
}
