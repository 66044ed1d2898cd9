import { inspect } from 'node:util';
import { InvalidKeyError } from '../../errors/invalid-key-error.js';

const keyBytesMax = 1024;

/**
 * Refuses what S3 cannot hold or what somebody on the way may take for another key: it is less than the registry refuses,
 * because a bucket may hold keys with line breaks that others wrote. Throws `InvalidKeyError` before anything is sent.
 */
export function assertObjectKey(key: string, prefix: string): void {
  const fault = typeof key === 'string' ? faultOf(key, prefix) : 'is not a string; pass the path as text';
  if (fault === undefined) return;
  const shown = typeof key === 'string' && key.length > 100 ? `${key.slice(0, 100)}…` : key;
  throw new InvalidKeyError(`The key ${inspect(shown, { depth: 0, breakLength: Infinity })} ${fault}.`, {
    context: { key },
  });
}

function faultOf(key: string, prefix: string): string | undefined {
  if (key === '') return 'is empty; pass a path relative to the root of the storage';
  if (!key.isWellFormed()) return 'has half a surrogate pair; pass well-formed Unicode';
  // Servers written in C end the key there, which makes it another object's.
  if (key.includes('\0')) return 'has a NUL character; remove it';
  if (key.startsWith('/')) return 'is absolute; pass the path relative to the root of the storage';
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    return "has a segment '.' or '..', which proxies resolve; rename the object";
  }
  if (Buffer.byteLength(prefix + key) > keyBytesMax) {
    const withPrefix = prefix === '' ? '' : `, the storage's prefix included,`;
    return `is longer than ${keyBytesMax} bytes${withPrefix}; shorten the path`;
  }
  return undefined;
}
