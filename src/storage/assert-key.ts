import { inspect } from 'node:util';
import { InvalidKeyError } from '../errors/invalid-key-error.js';

const keyBytesMax = 1024;
const segmentBytesMax = 255;
/** No file name of ours has them, S3's bulk delete cannot carry them, and a line break would forge a line in a log. */
const unprintable = /[\p{Cc}\ufffe\uffff]/u;

/**
 * Refuses a key that could leave a storage's root or that some storage cannot hold. A key is a relative path of at most
 * 1,024 bytes with `/` between segments of 1 to 255 bytes, well-formed Unicode, without `.` and `..`. Throws
 * `InvalidKeyError`, before anything is touched.
 */
export function assertKey(key: string): void {
  const fault = typeof key === 'string' ? keyFault(key) : 'is not a string; pass the path as text';
  if (fault === undefined) return;
  throw new InvalidKeyError(`The key ${inspect(shown(key), { depth: 0, breakLength: Infinity })} ${fault}.`, {
    context: { key },
  });
}

/** What is wrong with a key and what to do, to follow the key in a sentence; undefined for a good one. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'is empty; pass a path relative to the root of the storage';
  if (!key.isWellFormed()) return 'has half a surrogate pair; pass well-formed Unicode';
  if (key.includes('\0')) return 'has a NUL character; remove it';
  if (unprintable.test(key)) return 'has a control character; rename the object first';
  if (key.includes('\\')) return 'has a backslash; put / between the segments of the path';
  if (key.startsWith('/')) return 'is absolute; pass the path relative to the root of the storage';
  if (Buffer.byteLength(key) > keyBytesMax) return `is longer than ${keyBytesMax} bytes; shorten the path`;
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty segment; remove the superfluous /';
    if (segment === '.' || segment === '..') return `has the segment '${segment}'; pass the path without it`;
    if (Buffer.byteLength(segment) > segmentBytesMax) {
      return `has a segment longer than ${segmentBytesMax} bytes; shorten it`;
    }
  }
  return undefined;
}

function shown(key: unknown): unknown {
  return typeof key === 'string' && key.length > 100 ? `${key.slice(0, 100)}…` : key;
}
