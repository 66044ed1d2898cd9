import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { isStorableText } from '../database/is-storable-text.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { BytesMissingError } from '../errors/bytes-missing-error.js';
import { InvalidKeyError } from '../errors/invalid-key-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { KeyBusyError } from '../errors/key-busy-error.js';
import { UploadAbortedError } from '../errors/upload-aborted-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { assertKey } from '../storage/assert-key.js';
import type { FileStorage, StorageObject } from '../storage/storage.js';
import type { AdoptOptions } from './adopt-options.js';
import { ContentMeter } from './content-meter.js';
import { planUpload } from './plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';

const versionIdMaxBytes = 1024;
const adoptOptionNames = {
  filename: true,
  contentType: true,
  storage: true,
  metadata: true,
  versionId: true,
  signal: true,
} as const satisfies Record<keyof AdoptOptions, true>;

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
  refuseTemporaryFile(key);
  refuseUnknownOptions(options, adoptOptionNames);
  const { filename = key, versionId, ...described } = options;
  checkVersionId(versionId);
  const plan = planUpload({ filename, ...described }, { ...defaults, allowedContentTypes: undefined });
  const storage = defaults.storages.get(plan.storage);
  // Reading alone does not tell: a file system that ignores case reads an object by other keys too.
  if ((await storage.stat({ key, versionId })) === null) {
    throw new BytesMissingError(
      `Nothing lies under exactly the key '${key}' in storage '${plan.storage}'. Look how its name is spelled there, or put the object there first.`,
      { context: { storage: plan.storage, key } },
    );
  }
  const meter = await readThrough(storage, { key, versionId }, plan.signal);

  const file = await database.step<StoredFileJson | null>('adopt', [
    ['uuid', plan.fileId],
    ['text', plan.storage],
    ['text', key],
    ['text', versionId ?? null],
    ['text', plan.filename],
    ['text', plan.contentType],
    ['bigint', meter.sizeBytes],
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

async function readThrough(
  storage: FileStorage,
  object: StorageObject,
  signal: AbortSignal | undefined,
): Promise<ContentMeter> {
  const meter = new ContentMeter(Number.MAX_SAFE_INTEGER);
  try {
    await pipeline(
      await storage.read(object, { signal }),
      meter.resume(),
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    if (signal?.aborted === true) {
      throw new UploadAbortedError('The adoption was aborted by its signal. Nothing was changed.', {
        cause: error,
        context: { key: object.key },
      });
    }
    throw error;
  }
  return meter;
}

/** It goes with its upload, whenever that is given up, and the database refuses it too. */
function refuseTemporaryFile(key: string): void {
  if (/(?:^|\/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*\.part$/.test(key)) {
    throw new InvalidKeyError(
      `The key '${key}' is that of an upload's temporary file, which is deleted when the upload is given up. If its bytes matter, copy them under another name and adopt that.`,
      { context: { key } },
    );
  }
}

function checkVersionId(versionId: unknown): void {
  if (versionId !== undefined && !isStorableText(versionId, versionIdMaxBytes)) {
    throw new InvalidOptionError(
      `versionId: expected a text of 1 to ${versionIdMaxBytes} bytes, received ${inspect(versionId, { depth: 0 }).slice(0, 100)}. Leave it out where the storage keeps no versions.`,
      { context: { option: 'versionId', value: versionId } },
    );
  }
}
