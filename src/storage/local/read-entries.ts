import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

export type EntryKind = 'file' | 'folder' | 'link' | 'special';

export interface FolderEntry {
  /** The bytes of the name, one character each, because a name need not be UTF-8; a folder's ends with `/`. */
  readonly bytes: string;
  readonly kind: EntryKind;
}

export interface EntryBatch {
  /** In the order of their bytes. */
  readonly entries: readonly FolderEntry[];
  /** Nothing is behind them. */
  readonly complete: boolean;
}

/** About 10 MiB of names. Of a folder with a million entries, five to ten passes are made instead of holding them all. */
export const heldMaxDefault = 100_000;

/**
 * The first entries of a folder behind a name, sorted. The system gives a folder's entries in no order, so all of them have to
 * be read; of a folder with more than twice `heldMax` entries only the smallest are kept, and it is read again for those behind.
 */
export async function readEntries(
  path: string,
  wanted: (entry: FolderEntry) => boolean,
  after: string | undefined,
  heldMax: number,
): Promise<EntryBatch> {
  const held: FolderEntry[] = [];
  let bound: string | undefined;
  const folder = await opendir(path, { encoding: 'buffer' as BufferEncoding, bufferSize: 1024 });
  for await (const dirent of folder as AsyncIterable<Dirent<Buffer | string>>) {
    const entry = entryOf(dirent);
    if (after !== undefined && entry.bytes <= after) continue;
    if (bound !== undefined && entry.bytes > bound) continue;
    if (!wanted(entry)) continue;
    held.push(entry);
    if (held.length < 2 * heldMax) continue;
    held.sort(byBytes);
    held.length = heldMax;
    bound = held.at(-1)?.bytes;
  }
  held.sort(byBytes);
  return { entries: held, complete: bound === undefined };
}

function entryOf(dirent: Dirent<Buffer | string>): FolderEntry {
  const name = typeof dirent.name === 'string' ? toBytes(dirent.name) : dirent.name.toString('latin1');
  if (dirent.isDirectory()) return { bytes: `${name}/`, kind: 'folder' };
  if (dirent.isFile()) return { bytes: name, kind: 'file' };
  return { bytes: name, kind: dirent.isSymbolicLink() ? 'link' : 'special' };
}

function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function byBytes(one: FolderEntry, other: FolderEntry): number {
  if (one.bytes === other.bytes) return 0;
  return one.bytes < other.bytes ? -1 : 1;
}
