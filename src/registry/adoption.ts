import { pipeline } from 'node:stream/promises';
import type { RegistryDatabase } from '../database/registry-database.js';
import { KeyBusyError } from '../errors/key-busy-error.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { assertKey } from '../storage/assert-key.js';
import type { AdoptOptions } from './adopt-options.js';
import { ContentMeter } from './content-meter.js';
import { planUpload } from './plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';

/**
 * Makes a file of an object that lies in storage already. Reads it once, for its size and SHA-256, which also proves that it is
 * there; moves nothing.
 */
export async function adoptObject(
  key: string,
  options: AdoptOptions,
  defaults: ResolvedOptions,
  database: RegistryDatabase,
): Promise<StoredFile> {
  assertKey(key);
  const { signal, versionId, ...described } = options;
  const plan = planUpload({ filename: key, ...described }, { ...defaults, allowedContentTypes: undefined });
  const storage = defaults.storages.get(plan.storage);

  const meter = new ContentMeter(Number.MAX_SAFE_INTEGER);
  await pipeline(
    await storage.read({ key, versionId }, { signal }),
    meter.resume(),
    signal === undefined ? {} : { signal },
  );

  const file = await database.step<StoredFileJson | null>('adopt', [
    ['uuid', plan.fileId],
    ['text', plan.storage],
    ['text', key],
    ['text', versionId ?? null],
    ['text', plan.filename],
    ['text', plan.contentType],
    ['bigint', meter.size],
    ['bytea', `\\x${meter.checksum().toString('hex')}`],
    ['jsonb', plan.metadata],
  ]);
  if (file === null) {
    throw new KeyBusyError(
      `'${key}' in storage '${plan.storage}' cannot be adopted: it is a file already, or its deletion is not over and forgotten. ` +
        'Look at what holds it with find(), or wait until the receipt is pruned.',
      { context: { storage: plan.storage, key } },
    );
  }
  return toStoredFile(file);
}
