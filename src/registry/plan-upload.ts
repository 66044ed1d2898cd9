import { v7 as uuidv7 } from 'uuid';
import { InvalidFilenameError } from '../errors/invalid-filename-error.js';
import { InvalidMetadataError } from '../errors/invalid-metadata-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkContentTypePatterns, resolveContentType } from '../options/content-types.js';
import { optionLimits } from '../options/option-defaults.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { generateKey } from '../storage/object-key.js';
import { sanitizeFilename } from '../storage/sanitize-filename.js';
import type { StoreOptions } from './store-options.js';

/** An upload with everything decided but its bytes. */
export interface PlannedUpload {
  readonly fileId: string;
  readonly storage: string;
  readonly key: string;
  readonly filename: string | null;
  readonly contentType: string;
  readonly metadata: string;
  readonly maxSizeBytes: number;
  readonly signal: AbortSignal | undefined;
}

const metadataMaxBytes = 64 * 1024;

/** A NUL or half a surrogate pair as JSON writes it; PostgreSQL stores neither. */
const unstorableEscape = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i;

/** @throws InvalidFilenameError, ContentTypeNotAllowedError, InvalidMetadataError, InvalidOptionError, UnknownStorageError */
export function planUpload(options: StoreOptions, defaults: ResolvedOptions): PlannedUpload {
  const filename = checkFilename(options.filename);
  const storage = options.storage ?? defaults.storages.defaultName;
  defaults.storages.get(storage);
  const allowed =
    options.allowedContentTypes === undefined
      ? defaults.allowedContentTypes
      : checkContentTypePatterns(options.allowedContentTypes);
  const fileId = uuidv7();
  return {
    fileId,
    storage,
    key: generateKey({ fileId, filename }),
    filename: filename ?? null,
    contentType: resolveContentType(options.contentType, filename, allowed),
    metadata: checkMetadata(options.metadata),
    maxSizeBytes: checkMaxSize(options.maxSizeBytes ?? defaults.maxSizeBytes),
    signal: checkSignal(options.signal),
  };
}

function checkFilename(filename: unknown): string | undefined {
  if (filename === undefined || filename === null) {
    return undefined;
  }
  if (typeof filename !== 'string') {
    throw new InvalidFilenameError(
      `The file name must be a text, received ${typeof filename}. Leave it out if there is none.`,
    );
  }
  return sanitizeFilename(filename);
}

/** The metadata as JSON. @throws InvalidMetadataError */
export function checkMetadata(metadata: unknown): string {
  if (metadata === undefined) {
    return '{}';
  }
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new InvalidMetadataError('The metadata must be a plain object that can be written as JSON.');
  }
  let json: string | undefined;
  try {
    json = JSON.stringify(metadata);
  } catch (cause) {
    throw new InvalidMetadataError('The metadata cannot be written as JSON: no circles, no bigints.', {
      cause,
    });
  }
  // A toJSON of its own can answer with anything, or with nothing.
  if (json === undefined || !json.startsWith('{') || unstorableEscape.test(json)) {
    throw new InvalidMetadataError('The metadata must be an object of well-formed text without NUL.');
  }
  if (Buffer.byteLength(json) > metadataMaxBytes) {
    throw new InvalidMetadataError(
      `The metadata has more than ${metadataMaxBytes} bytes as JSON. Keep it in a table of yours.`,
    );
  }
  return json;
}

function checkMaxSize(maxSizeBytes: unknown): number {
  const [min, max] = optionLimits.maxSizeBytes;
  if (
    typeof maxSizeBytes !== 'number' ||
    !Number.isInteger(maxSizeBytes) ||
    maxSizeBytes < min ||
    maxSizeBytes > max
  ) {
    throw new InvalidOptionError(
      `maxSizeBytes: expected a whole number from ${min} to ${max}, received ${String(maxSizeBytes)}.`,
      { context: { option: 'maxSizeBytes', value: maxSizeBytes } },
    );
  }
  return maxSizeBytes;
}

/** @throws InvalidOptionError */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) {
    return signal;
  }
  throw new InvalidOptionError('signal: expected an AbortSignal.', { context: { option: 'signal' } });
}
