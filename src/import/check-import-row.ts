import { InvalidKeyError } from '../errors/invalid-key-error.js';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';
import { resolveContentType } from '../options/content-types.js';
import { checkOwner, type CheckedOwner } from '../registry/check-owner.js';
import { assertKey } from '../storage/assert-key.js';
import { isHiddenKey } from '../storage/is-hidden-key.js';
import { sanitizeFilename } from '../storage/sanitize-filename.js';
import type { StoredObject } from '../storage/storage.js';
import type { ImportOptions } from './import-options.js';
import type { ImportRow } from './import-row.js';

/** A row whose key and owner are such as can be written. */
export interface CheckedRow {
  readonly key: string;
  readonly owner: CheckedOwner;
  readonly filename: string | undefined;
  /** Malformed ones are refused here, before anything is looked at. */
  readonly contentType: string | undefined;
}

/** What storages say of an object whose type nobody told them. */
const untold = /^(?:application|binary)\/octet-stream$/;

/** @throws InvalidKeyError, InvalidOwnerError, ContentTypeNotAllowedError, and whatever mapKey throws. */
export function checkImportRow(row: ImportRow, mapKey: ImportOptions['mapKey']): CheckedRow {
  if (typeof row !== 'object' || row === null) {
    throw new InvalidOwnerError(
      `A row is { key, ownerType, ownerId, slot }, received ${String(row)}. Map it first.`,
    );
  }
  if (row.key === null || row.key === undefined || row.key === '') {
    throw new InvalidKeyError('The row has no key. Leave such rows out of the query.', { context: { row } });
  }
  const key = mapKey === undefined ? row.key : mapKey(row.key, row);
  if (key === null) {
    throw new InvalidKeyError('mapKey passed the row over.', { context: { key: row.key } });
  }
  assertKey(key);
  if (isHiddenKey(key)) {
    throw new InvalidKeyError(`The key '${key}' is that of an upload's temporary file.`, {
      context: { key },
    });
  }
  const { filename, contentType } = row;
  return {
    key,
    owner: checkOwner({ type: row.ownerType, id: row.ownerId, slot: row.slot }),
    filename: sanitizeFilename(typeof filename === 'string' ? filename : key),
    contentType:
      typeof contentType === 'string' ? resolveContentType(contentType, undefined, undefined) : undefined,
  };
}

/** What the row says, else the storage, else the file's name. */
export function contentTypeOf({ contentType, filename }: CheckedRow, object: StoredObject): string {
  if (contentType !== undefined) {
    return contentType;
  }
  const told = object.contentType;
  if (told !== undefined && !untold.test(told)) {
    try {
      return resolveContentType(told, undefined, undefined);
    } catch {
      // What the storage keeps may be malformed; the file's name says the rest.
    }
  }
  return resolveContentType(undefined, filename, undefined);
}
