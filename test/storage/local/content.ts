import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FileStorage, StorageReadOptions } from '../../../src/storage/storage.js';

export const plain = { contentType: 'text/plain' } as const;

/** A stream of one chunk. */
export function contentOf(bytes: string | Buffer): Readable {
  return Readable.from([typeof bytes === 'string' ? Buffer.from(bytes) : bytes], { objectMode: false });
}

export async function put(storage: FileStorage, ...keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => storage.write(key, contentOf(key), plain)));
}

export async function readText(
  storage: FileStorage,
  key: string,
  options?: StorageReadOptions,
): Promise<string> {
  return text(await storage.read({ key }, options));
}
