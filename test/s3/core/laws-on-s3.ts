import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { assertLaws as assertLawsOnDisk, type AssertLawsOptions } from '../../../test/support/assert-laws.js';
import { bringFiles, storageOf } from './registry-on-s3.js';

export type { AssertLawsOptions };

/** Fetches what lies in the buckets into folders and checks the laws there. */
export async function assertLaws(options: AssertLawsOptions): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'file-registry-laws-'));
  try {
    const storages: Record<string, string> = {};
    for (const [name, root] of Object.entries(options.storages)) {
      await bringFiles(root);
      const storage = storageOf(basename(root));
      const folder = (storages[name] = join(copy, name));
      await mkdir(folder);
      for await (const { key } of storage.list()) {
        const path = join(folder, key);
        await mkdir(dirname(path), { recursive: true });
        await pipeline(await storage.read({ key }), createWriteStream(path));
      }
    }
    await assertLawsOnDisk({ ...options, storages });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
