import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { v7 } from 'uuid';
import { generateKey } from '../../src/storage/object-key.js';

export interface MadeFile {
  readonly id: string;
  readonly key: string;
}

const content = Buffer.alloc(4096, 'x');

/** Names files as `store` does: by UUIDv7, spread over 16 folders. */
export function nameFiles(count: number): MadeFile[] {
  return Array.from({ length: count }, () => {
    const id = v7();
    return { id, key: generateKey({ fileId: id, filename: 'photo.jpg' }) };
  });
}

/** Writes 4 KiB for each file. Synchronously, which is the fastest way there is from Node; sync() afterwards. */
export async function makeFiles(root: string, files: readonly MadeFile[]): Promise<void> {
  const folders = new Set<string>();
  for (const [index, { key }] of files.entries()) {
    const path = join(root, key);
    const folder = dirname(path);
    if (!folders.has(folder)) {
      mkdirSync(folder, { recursive: true });
      folders.add(folder);
    }
    const handle = openSync(path, 'wx');
    writeSync(handle, content);
    closeSync(handle);
    if (index % 1000 === 999) await breathe();
  }
}

/** Removes the folder. @throws Error when bytes were left in it: a figure of work that was not done is none. */
export async function removeEmptied(root: string, system: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const left = entries.filter((entry) => entry.isFile()).length;
  await rm(root, { recursive: true });
  if (left > 0) throw new Error(`${system} left ${left} files behind`);
}
