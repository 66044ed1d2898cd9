import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageRefusedError } from '../../errors/storage-refused-error.js';
import { keyFault } from '../assert-key.js';
import { isHiddenKey } from '../is-hidden-key.js';
import type { ListedObject, StorageListOptions } from '../storage.js';
import { errorCode } from './error-code.js';
import { type FileSystemClock, writtenMs } from './file-system-clock.js';
import { FolderCursor } from './folder-cursor.js';
import { type FolderEntry, heldMaxDefault } from './read-entries.js';
import { storageFault } from './storage-fault.js';

export interface ListFolderOptions extends StorageListOptions {
  /** Entries of one folder held in memory; at most twice as many. */
  readonly heldMax?: number | undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The regular files below a real root, in the byte order of their keys: a folder stands where its name with a `/` sorts, so
 * that `a-b` comes before `a/b` and that before `a0`. Memory is bounded by the entries held of each folder on the way down.
 * What vanishes meanwhile is passed over; what the system forbids to look at is an obstacle; other failures end the listing.
 */
export async function* listFolder(
  root: string,
  clock: FileSystemClock,
  options: ListFolderOptions = {},
): AsyncGenerator<ListedObject, void, undefined> {
  const { signal, onObstacle, heldMax = heldMaxDefault } = options;
  const [after, prefix] = [toBytes(options.after), toBytes(options.prefix) ?? ''];
  const open = (path: string, keyBytes: string) =>
    new FolderCursor(
      path,
      keyBytes,
      (entry) => isWanted(keyBytes + entry.bytes, entry.kind, after, prefix),
      heldMax,
    );
  const report = (bytes: string, problem: string) =>
    onObstacle?.({ path: Buffer.from(bytes, 'latin1').toString(), problem });

  const stack = [open(root, '')];
  for (let cursor = stack.at(-1); cursor !== undefined; cursor = stack.at(-1)) {
    signal?.throwIfAborted();
    const entries = await nextOf(cursor, root, report);
    if (entries.length === 0) {
      stack.pop();
      continue;
    }
    const named = entries.flatMap((entry) => {
      const bytes = cursor.keyBytes + entry.bytes;
      const key = keyOf(bytes, entry, report);
      return key === undefined ? [] : [{ entry, bytes, key, path: join(cursor.path, lastSegment(key)) }];
    });
    const [first] = named;
    if (first?.entry.kind === 'folder') {
      stack.push(open(first.path, first.bytes));
      continue;
    }
    const nowMs = await clock.nowMs(root);
    const looks = await Promise.all(named.map(({ path }) => look(path)));
    for (const [index, { key, bytes }] of named.entries()) {
      const stats = looks[index];
      if (stats === undefined) continue;
      if (typeof stats === 'string') report(bytes, stats);
      else if (!stats.isFile()) report(bytes, 'is no regular file any more; list it again');
      else yield { key, sizeBytes: stats.size, ageMs: Math.max(0, nowMs - writtenMs(stats)) };
    }
  }
}

type Report = (bytes: string, problem: string) => void;

/** By bytes, before anything of a folder is held. `full` is the whole key, with a `/` at its end for a folder. */
function isWanted(
  full: string,
  kind: FolderEntry['kind'],
  after: string | undefined,
  prefix: string,
): boolean {
  if (kind !== 'folder') return (after === undefined || full > after) && full.startsWith(prefix);
  const reaches = after === undefined || full > after || after.startsWith(full);
  return reaches && (full.startsWith(prefix) || prefix.startsWith(full));
}

async function nextOf(cursor: FolderCursor, root: string, report: Report): Promise<readonly FolderEntry[]> {
  try {
    return await cursor.next();
  } catch (error) {
    if (cursor.path !== root && errorCode(error) === 'ENOENT') return [];
    const fault = storageFault(error, { doing: 'list', key: cursor.path });
    if (cursor.path === root || !(fault instanceof StorageRefusedError)) throw fault;
    report(cursor.keyBytes, `cannot be listed. ${fault.message}`);
    return [];
  }
}

/** The key of what can be an object, or a folder of such; anything else is reported, but for temporary files. */
function keyOf(bytes: string, { kind }: FolderEntry, report: Report): string | undefined {
  const key = decoded(bytes);
  if (key === undefined) {
    const hex = Buffer.from(bytes, 'latin1').toString('hex');
    report(bytes, `has a name that is no UTF-8 (in hexadecimal ${hex}); rename it`);
    return undefined;
  }
  if (kind !== 'folder' && isHiddenKey(key)) return undefined;
  if (kind === 'link')
    report(bytes, 'is a symbolic link, and those are never followed; put the file itself there');
  if (kind === 'special') report(bytes, 'is no regular file; move it out of the storage');
  if (kind === 'link' || kind === 'special') return undefined;
  const fault = keyFault(kind === 'folder' ? key.slice(0, -1) : key);
  if (fault === undefined) return key;
  report(bytes, fault);
  return undefined;
}

/** Undefined where it is gone, a text where it cannot be looked at. */
async function look(path: string): Promise<Stats | string | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const fault = storageFault(error, { doing: 'look at', key: path });
    if (fault instanceof StorageRefusedError) return `cannot be looked at. ${fault.message}`;
    throw fault;
  }
}

function toBytes(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString('latin1');
}

function decoded(bytes: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

function lastSegment(key: string): string {
  return key.slice(key.lastIndexOf('/', key.length - 2) + 1);
}
