import { createHash } from 'node:crypto';
import type { FileStorage, StorageObject } from '../storage/storage.js';

/** The SHA-256 of an object in hexadecimal. Reads all of it. */
export async function checksumOf(
  storage: FileStorage,
  object: StorageObject,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await storage.read(object, { signal })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
