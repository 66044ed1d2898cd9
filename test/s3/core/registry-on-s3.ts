import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { inject } from 'vitest';
import type { FileStorage } from '../../../src/storage/storage.js';
import { s3Storage } from '../../../src/storage/s3/index.js';
import { testClient } from '../support/test-client.js';

export * from '../../../src/index.js';

const client = testClient();

/** The storage below a prefix of the run's bucket. */
export function storageOf(prefix: string): FileStorage {
  return s3Storage({ client, bucket: inject('s3').plain, prefix });
}

/**
 * What the core's tests take for a local storage: a bucket, below the last segment of the root. What a test puts into the folder
 * by itself, as somebody else would, is brought to the bucket before the storage is used.
 */
export function localStorage({ root }: { readonly root: string }): FileStorage {
  const storage = storageOf(basename(root));
  return {
    ...storage,
    stat: async (object) => {
      await bringFiles(root);
      return storage.stat(object);
    },
    read: async (object, options) => {
      await bringFiles(root);
      return storage.read(object, options);
    },
    delete: async (objects, options) => {
      await bringFiles(root);
      return storage.delete(objects, options);
    },
  };
}

let bringing = Promise.resolve();

/** Moves the files of a folder into the bucket, for one caller at a time. */
export function bringFiles(root: string): Promise<void> {
  bringing = bringing.then(() => bring(root));
  return bringing;
}

async function bring(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const content = Readable.from([await readFile(path)]);
    await storageOf(basename(root)).write(relative(root, path), content, { contentType: 'text/plain' });
    await rm(path);
  }
}
