import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { StorageUrlOptions } from '../storage/storage.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkExpiry } from './check-expiry.js';
import type { StoredFile } from './stored-file.js';

export interface UrlOptions {
  /** How long the URL works. Default: 15 minutes. Limits: 1 second to 7 days. */
  readonly expiresInMs?: number | undefined;
  /** True to have browsers save it under the file's name instead of showing it. Default: false. */
  readonly download?: boolean | undefined;
}

interface CheckedUrlOptions {
  readonly expiresInMs: number;
  readonly download: boolean;
}

/** @throws InvalidOptionError */
export function checkUrlOptions(options: UrlOptions): CheckedUrlOptions {
  refuseUnknownOptions(options, { expiresInMs: true, download: true });
  const { expiresInMs, download = false } = options;
  if (typeof download !== 'boolean') {
    throw new InvalidOptionError(`download: expected true or false, received ${String(download)}.`, {
      context: { option: 'download', value: download },
    });
  }
  return { expiresInMs: checkExpiry(expiresInMs), download };
}

/** The type is the registry's, because an adopted object may have been written with another or none. */
export function storageUrlOptions(
  file: StoredFile,
  { expiresInMs, download }: CheckedUrlOptions,
): StorageUrlOptions {
  const filename = download ? (file.filename ?? file.id) : undefined;
  return { expiresInMs, filename, contentType: file.contentType };
}
