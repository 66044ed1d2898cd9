import { InvalidFileIdError } from '../errors/invalid-file-id-error.js';
import { sanitizeFilename } from './sanitize-filename.js';

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The temporary file is called `<segment>.part` and may grow a little further; 255 bytes is what file systems hold. */
const lastSegmentBytesMax = 240;

export interface GenerateKeyInput {
  /** The file's id, a UUIDv7. */
  readonly fileId: string;
  /** The name the file came with, as the user sent it. */
  readonly filename?: string | undefined;
}

/**
 * The key of a new file: `2026/01/31/c/<fileId>-<safe filename>`. The date is the id's own, in UTC; the digit before the id
 * spreads one day over 16 folders: enough for millions of files a day, and few enough that syncing the folders of a batch of
 * deletions costs a fifth of them and not as much as they. The last segment begins with the file's id, which the database checks,
 * and has at most 240 bytes. The same input gives the same key. Throws `InvalidFileIdError` for anything but a UUIDv7.
 */
export function generateKey({ fileId, filename }: GenerateKeyInput): string {
  const id = fileId.toLowerCase();
  if (!uuidV7.test(id)) {
    throw new InvalidFileIdError(`A key needs a UUIDv7, not '${fileId}'. Let the registry make the id.`, {
      context: { fileId },
    });
  }
  const room = lastSegmentBytesMax - id.length - 1;
  // What ends with .part passes for the temporary file of an upload, which no listing shows.
  const safe = filename === undefined ? undefined : sanitizeFilename(filename, { maxBytes: room - 1 });
  const name = safe?.replace(/\.part$/, '.part_');
  // The head of a UUIDv7 is its time and the same for a whole burst of uploads; only the tail is random.
  const shard = id.slice(-1);
  return `${dateOf(id)}/${shard}/${name === undefined ? id : `${id}-${name}`}`;
}

/** The first 48 bits of a UUIDv7 are milliseconds since 1970. */
function dateOf(id: string): string {
  const date = new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const month = String(date.getUTCMonth() + 1).padStart(2, '0');
  const day = String(date.getUTCDate()).padStart(2, '0');
  return `${year}/${month}/${day}`;
}
