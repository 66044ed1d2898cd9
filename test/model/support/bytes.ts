import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileStorage, localStorage } from 'nestjs-file-registry';
import { type MemoryStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { assertLaws } from '../../support/assert-laws.js';
import type { Queryable } from '../../support/queryable.js';
import type { TemporaryFolder } from '../../support/temporary-folder.js';

/** The place for the bytes of one program. */
export interface Bytes {
  readonly storage: FileStorage;
  keys(): Promise<string[]>;
  /** Rows against rows, and rows against these bytes. */
  assertLaws(admin: Queryable): Promise<void>;
}

export type BytesFactory = () => Promise<Bytes>;

export const inMemory: BytesFactory = async () => {
  const storage = memoryStorage();
  return {
    storage,
    keys: async () => storage.keys(),
    assertLaws: (admin) => assertLawsInMemory(admin, storage),
  };
};

/** Rows against rows, and rows against bytes in memory. */
export async function assertLawsInMemory(admin: Queryable, storage: MemoryStorage): Promise<void> {
  await assertLaws({ admin, storages: {} });
  const { rows } = await admin.query(`
    select key, encode(checksum, 'hex') as checksum, 'file' as state from file_registry.files
     union all select key, null, state from file_registry.deletions`);
  const explained = new Set<string>();
  for (const { key, checksum, state } of rows) {
    if (state !== 'deleted') explained.add(key);
    if (state !== 'file') continue;
    if (!storage.has(key)) throw new Error(`Law 5: the file ${key} has no bytes.`);
    const content = Buffer.concat(await (await storage.read({ key })).toArray());
    if (createHash('sha256').update(content).digest('hex') !== checksum) {
      throw new Error(`Law 5: the file ${key} has other bytes.`);
    }
  }
  const unexplained = storage.keys().filter((key) => !explained.has(key));
  if (unexplained.length > 0) throw new Error(`Law 4: no row explains ${unexplained.join(', ')}.`);
}

/** On the disk; each program has a folder of its own below `parent`. */
export function onDisk(parent: TemporaryFolder): BytesFactory {
  let programs = 0;
  return async () => {
    const root = join(parent.path, `program-${++programs}`);
    await mkdir(root);
    const prefix = `program-${programs}/`;
    return {
      storage: localStorage({ root }),
      keys: async () =>
        (await parent.files())
          .filter((path) => path.startsWith(prefix))
          .map((path) => path.slice(prefix.length)),
      assertLaws: (admin) => assertLaws({ admin, storages: { media: root } }),
    };
  };
}
