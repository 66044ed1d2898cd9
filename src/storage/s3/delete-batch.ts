import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import type { StorageDeleteError } from '../storage.js';
import type { DeletionTask, TaskOutcome } from './deletion-task.js';
import { foreignAnswer } from './from-s3.js';
import { isAbsent, isUnknownCall, s3Code, s3Fault } from './s3-fault.js';
import type { S3Place } from './s3-place.js';

/** Deletes up to 1,000 objects in one call. Never rejects: a call that fails is the outcome of each task. */
export async function deleteBatch(
  place: S3Place,
  tasks: readonly DeletionTask[],
  abortSignal: AbortSignal,
): Promise<Map<DeletionTask, TaskOutcome>> {
  const outcomes = new Map<DeletionTask, TaskOutcome>(tasks.map((task) => [task, { type: 'silent' }]));
  const asked = new Map(tasks.map((task) => [identity(task.objectKey, task.versionId), task]));
  try {
    const { Deleted = [], Errors = [] } = await place.client.send(
      new DeleteObjectsCommand({
        Bucket: place.bucket,
        // Not quiet: silence is no confirmation.
        Delete: {
          Quiet: false,
          Objects: tasks.map(({ objectKey, versionId }) => ({ Key: objectKey, VersionId: versionId })),
        },
      }),
      { abortSignal },
    );
    for (const { Key, VersionId, DeleteMarker } of Deleted) {
      const task = asked.get(identity(Key, VersionId)) ?? asked.get(identity(Key, undefined));
      if (task !== undefined) outcomes.set(task, gone(task, DeleteMarker));
    }
    for (const { Key, VersionId, Code, Message } of Errors) {
      const task = asked.get(identity(Key, VersionId)) ?? asked.get(identity(Key, undefined));
      if (task === undefined) continue;
      const error = Object.assign(new Error(Message ?? ''), { name: Code ?? 'Error' });
      outcomes.set(task, isAbsent(error) ? { type: 'gone' } : failed(place, task, error));
    }
  } catch (error) {
    // The server knows no bulk delete, or wants an MD5 that the SDK has given up.
    if (isUnknownCall(error) || s3Code(error) === 'MissingContentMD5') return outcomes;
    for (const task of tasks) outcomes.set(task, failed(place, task, error));
  }
  return outcomes;
}

/** The same for one object. */
export async function deleteAlone(
  place: S3Place,
  task: DeletionTask,
  abortSignal: AbortSignal,
): Promise<TaskOutcome> {
  try {
    const { DeleteMarker, $metadata } = await place.client.send(
      new DeleteObjectCommand({ Bucket: place.bucket, Key: task.objectKey, VersionId: task.versionId }),
      { abortSignal },
    );
    // Nothing in the answer says that it is S3's, but S3 has no content to give, and a page has.
    if ($metadata.httpStatusCode !== 204)
      throw foreignAnswer(`status ${$metadata.httpStatusCode} and not 204`);
    return gone(task, DeleteMarker);
  } catch (error) {
    return isAbsent(error) ? { type: 'gone' } : failed(place, task, error);
  }
}

export function failure(place: S3Place, key: string, error: unknown): StorageDeleteError {
  const fault = s3Fault(error, { place, doing: 'delete', key });
  return { message: fault.message, permanent: !fault.retryable };
}

function failed(place: S3Place, { key }: DeletionTask, error: unknown): TaskOutcome {
  return { type: 'failed', error: failure(place, key, error) };
}

/** With a version the flag says what the version was; without one it says that a marker was written. */
function gone({ versionId }: DeletionTask, deleteMarker: boolean | undefined): TaskOutcome {
  return versionId === undefined && deleteMarker === true ? { type: 'marked' } : { type: 'gone' };
}

function identity(key: string | undefined, versionId: string | undefined): string {
  return `${key ?? ''}\0${versionId ?? ''}`;
}
