import { jsonArgument } from '../database/call.js';
import { BytesMissingError } from '../errors/bytes-missing-error.js';
import type { ListedObject } from '../storage/storage.js';
import { checksumOf } from './checksum-of.js';
import { lookAt, unlessRefused } from './look-at.js';
import { mapLimited } from './map-limited.js';
import type { ReconcileContext } from './reconcile-context.js';
import type { ReconcileFinding } from './reconcile-report.js';
import { retrying } from './retrying.js';
import type { RegisteredFile } from './row-cursor.js';

export interface SuspectFile {
  readonly file: RegisteredFile;
  /** What the listing showed under its key; undefined where it showed nothing. */
  readonly listed: ListedObject | undefined;
}

/**
 * What is wrong with the files that the listing makes suspect. The exact version is asked for first and the row after that: bytes
 * are there before their row begins and until after it ended, so bytes that are gone while the row stays are missing indeed.
 */
export async function confirmFiles(
  context: ReconcileContext,
  suspects: readonly SuspectFile[],
): Promise<ReconcileFinding[]> {
  const { database, options } = context;
  const found = await mapLimited(suspects, options.concurrency, (suspect) => examine(context, suspect));
  const guilty = suspects.filter((_, index) => found[index] !== undefined);
  if (guilty.length === 0) return [];

  const still = new Set(
    await retrying(options, () =>
      database.call<readonly string[]>('files_still_at', [
        ['text', options.storage],
        jsonArgument(guilty.map(({ file: { id, key } }) => ({ id, key }))),
      ]),
    ),
  );
  return found.filter((finding, index) => {
    const id = suspects[index]?.file.id;
    return finding !== undefined && id !== undefined && still.has(id);
  }) as ReconcileFinding[];
}

async function examine(
  context: ReconcileContext,
  { file, listed }: SuspectFile,
): Promise<ReconcileFinding | undefined> {
  const { verify } = context.options;
  const { id: fileId, key, versionId, size: sizeBytes } = file;
  const found = { fileId, key, versionId, sizeBytes };
  if (listed === undefined || !agrees(file, listed)) {
    const stored = await lookAt(context, { key, versionId: versionId ?? undefined });
    if (stored === null) return { kind: 'dangling', ...found };
    if ('problem' in stored) return { kind: 'obstacle', path: key, problem: stored.problem };
    if (verify !== 'none' && stored.sizeBytes !== sizeBytes) {
      return { kind: 'mismatch', ...found, of: 'size', expected: sizeBytes, actual: stored.sizeBytes };
    }
  }
  if (verify !== 'checksum' || file.checksum === null) return undefined;

  const actual = await unlessRefused(() => readChecksum(context, file));
  if (actual === null) return { kind: 'dangling', ...found };
  if (typeof actual === 'object') return { kind: 'obstacle', path: key, problem: actual.problem };
  context.tally.counts.checksummed++;
  if (actual === file.checksum) return undefined;
  return { kind: 'mismatch', ...found, of: 'checksum', expected: file.checksum, actual };
}

/** Whether the listing alone shows that the file's bytes are there, as far as a listing can tell. */
export function agrees({ size, versionId }: RegisteredFile, listed: ListedObject): boolean {
  const sameVersion = versionId === null || listed.versionId === undefined || versionId === listed.versionId;
  return sameVersion && size === listed.sizeBytes;
}

/** Null where nothing is there any more. */
async function readChecksum(
  { storage, options }: ReconcileContext,
  file: RegisteredFile,
): Promise<string | null> {
  const object = { key: file.key, versionId: file.versionId ?? undefined };
  try {
    return await retrying(options, () => checksumOf(storage, object, options.signal));
  } catch (error) {
    if (error instanceof BytesMissingError) return null;
    throw error;
  }
}
