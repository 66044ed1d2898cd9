import { v7 as uuidv7 } from 'uuid';
import { jsonArgument } from '../database/call.js';
import { ContentTypeNotAllowedError } from '../errors/content-type-not-allowed-error.js';
import { resolveContentType } from '../options/content-types.js';
import { sanitizeFilename } from '../storage/sanitize-filename.js';
import type { StoredObject } from '../storage/storage.js';
import { lookAt } from './look-at.js';
import { mapLimited } from './map-limited.js';
import { adoptionBatch } from './reconcile-defaults.js';
import type { ReconcileContext } from './reconcile-context.js';
import { retrying } from './retrying.js';

/** An argument of `adopt_objects`. */
interface AdoptableObject {
  readonly fileId: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly filename: string | null;
  readonly contentType: string;
  readonly size: number;
}

/**
 * Makes files of orphans, each with the intent of a stored file. Every key is looked at once more, in the storage and, by the
 * database as it adopts, in the rows: one that is gone, was written anew, or is accounted for by now, is left alone.
 */
export async function adoptOrphans(context: ReconcileContext, keys: readonly string[]): Promise<void> {
  const { options, tally } = context;
  for (let start = 0; start < keys.length; start += adoptionBatch) {
    options.signal?.throwIfAborted();
    const batch = keys.slice(start, start + adoptionBatch);
    const objects = (await mapLimited(batch, options.concurrency, (key) => adoptable(context, key))).filter(
      (object) => object !== undefined,
    );
    const adopted = new Set(await adopt(context, objects));
    const taken = objects.filter(({ key }) => adopted.has(key));
    tally.counts.adopted += taken.length;
    tally.counts.adoptedBytes += taken.reduce((sum, { size }) => sum + size, 0);
    tally.counts.recovered += batch.length - taken.length;
    tally.progress();
  }
}

async function adoptable(context: ReconcileContext, key: string): Promise<AdoptableObject | undefined> {
  const stored = await lookAt(context, { key });
  if (stored !== null && 'problem' in stored) {
    // Nobody knows whether it is an orphan still: that is not to pass for being none.
    await context.tally.add({ kind: 'obstacle', path: key, problem: stored.problem });
    return undefined;
  }
  if (stored === null || stored.ageMs < context.options.minAgeMs) return undefined;
  const filename = filenameOf(key);
  return {
    fileId: uuidv7(),
    key,
    versionId: stored.versionId ?? null,
    filename: filename ?? null,
    contentType: contentTypeOf(stored, filename),
    size: stored.sizeBytes,
  };
}

/** Answers the keys that were taken. */
async function adopt(
  { database, options }: ReconcileContext,
  objects: readonly AdoptableObject[],
): Promise<readonly string[]> {
  if (objects.length === 0) return [];
  return retrying(options, async (attempt) => {
    const keys = await database.step<readonly string[]>('adopt_objects', [
      ['text', options.storage],
      jsonArgument(objects),
    ]);
    if (attempt === 1) return keys;
    // An earlier attempt may have done its work and lost its answer; then the rows have the ids that it gave.
    const ids = new Set(
      await database.call<readonly string[]>('files_still_at', [
        ['text', options.storage],
        jsonArgument(objects.map(({ fileId, key }) => ({ id: fileId, key }))),
      ]),
    );
    return objects.filter(({ fileId }) => ids.has(fileId)).map(({ key }) => key);
  });
}

/** The last segment, without the id that a late upload's key begins with. */
function filenameOf(key: string): string | undefined {
  const segment = key.slice(key.lastIndexOf('/') + 1);
  return sanitizeFilename(segment.replace(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?=.)/, ''));
}

/** What the storage keeps may be anything; then the name decides. */
function contentTypeOf({ contentType }: StoredObject, filename: string | undefined): string {
  try {
    return resolveContentType(contentType, filename, undefined);
  } catch (error) {
    if (!(error instanceof ContentTypeNotAllowedError)) throw error;
    return resolveContentType(undefined, filename, undefined);
  }
}
