import { MIMEType } from 'node:util';
import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { ContentTooLargeError } from '../errors/content-too-large-error.js';
import { ContentTypeNotAllowedError } from '../errors/content-type-not-allowed-error.js';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { StorageRefusedError } from '../errors/storage-refused-error.js';
import { UploadExpiredError } from '../errors/upload-expired-error.js';
import { UploadIncompleteError } from '../errors/upload-incomplete-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { StoredObject } from '../storage/storage.js';
import { checkExpiry } from './check-expiry.js';
import type { ConfirmUploadOptions, ReservedUpload, ReserveUploadOptions } from './direct-upload-options.js';
import { missingFileError, type MissingFiles } from './missing-file-error.js';
import { checkMetadata, planUpload } from './plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';

/** What `reservation_of` answers. The terms were written when the upload was reserved and never left the database. */
interface Reservation {
  readonly state: 'reserved' | 'abandoned' | 'deleted';
  readonly storage: string;
  readonly key: string;
  readonly terms: { readonly contentType: string; readonly maxSizeBytes: number; readonly expiresAt: string };
}

const reserveOptionNames = {
  filename: true,
  contentType: true,
  storage: true,
  maxSizeBytes: true,
  allowedContentTypes: true,
  expiresInMs: true,
  kind: true,
} as const satisfies Record<keyof ReserveUploadOptions, true>;

/** Reserves a key and signs what a client needs to write it. */
export async function reserveUpload(
  given: ReserveUploadOptions,
  options: ResolvedOptions,
  database: RegistryDatabase,
): Promise<ReservedUpload> {
  refuseUnknownOptions(given, reserveOptionNames);
  const plan = planUpload(given, options);
  const { fileId: id, key, contentType, maxSizeBytes } = plan;
  const expiresInMs = checkExpiry(given.expiresInMs);
  const kind = checkKind(given.kind);
  const storage = options.storages.get(plan.storage);
  if (storage.presignWrite === undefined) {
    throw new StorageRefusedError(
      `Storage '${plan.storage}' takes no uploads from clients. Send the bytes through store(), or name a storage that can, such as s3Storage.`,
      { context: { storage: plan.storage } },
    );
  }
  // First, so that no signature is out before a row covers what it may write.
  const { expiresAt } = await database.call<{ readonly expiresAt: string }>('reserve_for_client', [
    ['uuid', id],
    ['text', plan.storage],
    ['text', key],
    ['text', plan.filename],
    ['text', contentType],
    ['bigint', maxSizeBytes],
    ['bigint', expiresInMs],
    ['bigint', options.uploadTtlMs],
  ]);
  try {
    const signed = await storage.presignWrite(key, { contentType, maxSizeBytes, expiresInMs, kind });
    return { id, ...signed, expiresAt: new Date(expiresAt) };
  } catch (error) {
    // Nobody can have written; should this fail as well, the reservation lapses.
    await database.call('refuse_upload', [['uuid', id]]).catch(() => undefined);
    throw error;
  }
}

/** Makes a file of what a client has written, where it is what it was allowed to write. */
export async function confirmUpload(
  id: string,
  given: ConfirmUploadOptions,
  options: ResolvedOptions,
  database: RegistryDatabase,
): Promise<StoredFile> {
  refuseUnknownOptions(given, { metadata: true });
  const metadata = checkMetadata(given.metadata);
  const reservation = await database.call<Reservation | null>('reservation_of', [['uuid', id]]);
  if (reservation === null) {
    return alreadyConfirmed(id, database);
  }
  if (reservation.state !== 'reserved') {
    throw expired(id);
  }
  const { storage, key, terms } = reservation;
  const object = await options.storages.get(storage).stat({ key });
  if (object === null) {
    throw new UploadIncompleteError(
      `Nothing has been uploaded for ${id} yet. Upload it until ${terms.expiresAt}, then confirm it again.`,
      { context: { fileId: id, storage, key, expiresAt: terms.expiresAt } },
    );
  }
  const fault = breachOfTerms(id, object, reservation);
  if (fault !== undefined) {
    await database.call('refuse_upload', [['uuid', id]]);
    throw fault;
  }
  const file = await database.call<StoredFileJson | null>('finish_upload', [
    ['uuid', id],
    ['text', object.versionId ?? null],
    ['text', terms.contentType],
    ['bigint', object.sizeBytes],
    ['bytea', null],
    ['jsonb', metadata],
  ]);
  if (file === null) {
    throw expired(id);
  }
  return toStoredFile(file);
}

async function alreadyConfirmed(id: string, database: RegistryDatabase): Promise<StoredFile> {
  const [file] = await database.call<StoredFileJson[]>('find_files', [uuidArray([id])]);
  if (file === undefined) {
    throw missingFileError(await database.call<MissingFiles>('explain_missing', [uuidArray([id])]));
  }
  return toStoredFile(file);
}

/** By what the storage says, never by what the client says. A storage that keeps no types says nothing of them. */
function breachOfTerms(
  id: string,
  { sizeBytes, contentType }: StoredObject,
  { storage, key, terms }: Reservation,
): FileRegistryError | undefined {
  const context = { fileId: id, storage, key, size: sizeBytes, contentType };
  if (sizeBytes > terms.maxSizeBytes) {
    return new ContentTooLargeError(
      `The upload ${id} has ${sizeBytes} bytes, and ${terms.maxSizeBytes} were allowed. It is deleted; reserve another.`,
      { context: { ...context, maxSizeBytes: terms.maxSizeBytes } },
    );
  }
  if (contentType !== undefined && essence(contentType) !== essence(terms.contentType)) {
    return new ContentTypeNotAllowedError(
      `The upload ${id} has the type '${contentType}', and '${terms.contentType}' was allowed. It is deleted; reserve another.`,
      { context: { ...context, allowed: [terms.contentType] } },
    );
  }
  return undefined;
}

function essence(contentType: string): string {
  try {
    return new MIMEType(contentType).essence;
  } catch {
    return contentType;
  }
}

function expired(id: string): UploadExpiredError {
  return new UploadExpiredError(
    `The upload ${id} was not confirmed in time, or was refused, and its bytes are being deleted. Reserve another and upload again.`,
    { context: { fileId: id } },
  );
}

function checkKind(kind: unknown): 'put' | 'post' {
  if (kind === undefined || kind === 'put' || kind === 'post') {
    return kind ?? 'put';
  }
  throw new InvalidOptionError(`kind: expected 'put' or 'post', received ${String(kind)}.`, {
    context: { option: 'kind', value: kind },
  });
}
