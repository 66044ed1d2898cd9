import { FileRegistryError } from '../../errors/file-registry-error.js';
import { forEachLimited } from '../for-each-limited.js';
import type { StorageDeleteOutcome, StorageDeletion } from '../storage.js';
import { abortUploads } from './abort-uploads.js';
import { failure } from './delete-batch.js';
import { deleteTasks, type DeleteTasksOptions } from './delete-tasks.js';
import { type DeletionTask, needsCallOfItsOwn } from './deletion-task.js';
import { eraseVersions } from './erase-versions.js';
import { lastCall } from './last-call.js';
import { learnVersioning } from './learn-versioning.js';
import type { S3Place } from './s3-place.js';

const notStarted = { message: 'Not started: the deletion was called off.', permanent: false };

/**
 * Deletes many objects and answers for each. A key counts as deleted only where the server confirmed it, and in a bucket that
 * keeps versions only when its bytes are gone: the version that is named, or every version where none is named or the upload
 * was given up.
 */
export async function deleteObjects(
  place: S3Place,
  objects: readonly StorageDeletion[],
  options: DeleteTasksOptions,
): Promise<StorageDeleteOutcome[]> {
  const { signal, concurrency } = options;
  using last = lastCall(signal);
  const answers = new Map<StorageDeletion, StorageDeleteOutcome>();
  const tasks = new Map<StorageDeletion, DeletionTask>();
  for (const object of objects) {
    try {
      tasks.set(object, taskOf(place, object));
    } catch (error) {
      if (!(error instanceof FileRegistryError)) throw error;
      answers.set(object, { key: object.key, error: { message: error.message, permanent: true } });
    }
  }

  // Before the object: an upload that was finished in between would make it again.
  await forEachLimited(tasks, concurrency, async ([object, task]) => {
    if (!task.abandoned || signal?.aborted === true) return;
    try {
      await abortUploads(place, task.objectKey, last.signal);
    } catch (error) {
      answers.set(object, { key: object.key, error: failure(place, object.key, error) });
    }
  });

  const unversioned = [...tasks].filter(
    ([object, task]) => task.versionId === undefined && !answers.has(object),
  );
  if (unversioned.length > 0 && signal?.aborted !== true) {
    try {
      await learnVersioning(place, last.signal);
    } catch (error) {
      for (const [object] of unversioned) {
        answers.set(object, { key: object.key, error: failure(place, object.key, error) });
      }
    }
  }

  const due = [...tasks].filter(([object]) => !answers.has(object));
  const byVersions = due.filter(([, task]) => place.keepsVersions && task.versionId === undefined);
  const plain = due.filter((entry) => !byVersions.includes(entry));
  const outcomes = await deleteTasks(
    place,
    plain.map(([, task]) => task),
    options,
  );
  for (const [object, task] of plain) {
    const outcome = outcomes.get(task);
    if (outcome?.type === 'marked') {
      place.keepsVersions = true;
      byVersions.push([object, task]);
    } else if (outcome?.type === 'gone') {
      answers.set(object, { key: object.key });
    } else if (outcome?.type === 'failed') {
      answers.set(object, { key: object.key, error: outcome.error });
    }
  }

  await forEachLimited(byVersions, concurrency, async ([object, task]) => {
    if (signal?.aborted === true) return;
    const error = await eraseVersions(place, task, options);
    answers.set(object, error === undefined ? { key: object.key } : { key: object.key, error });
  });
  return objects.map((object) => answers.get(object) ?? { key: object.key, error: notStarted });
}

function taskOf(place: S3Place, { key, versionId, abandoned }: StorageDeletion): DeletionTask {
  const objectKey = place.objectKey(key);
  return {
    key,
    objectKey,
    // Nobody knows which versions an upload left that was given up.
    versionId: abandoned ? undefined : versionId,
    abandoned,
    alone: needsCallOfItsOwn(objectKey),
  };
}
