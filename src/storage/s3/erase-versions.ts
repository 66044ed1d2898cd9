import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { StorageDeleteError } from '../storage.js';
import { decodeKey } from './decode-key.js';
import { failure } from './delete-batch.js';
import { deleteTasks, type DeleteTasksOptions } from './delete-tasks.js';
import type { DeletionTask } from './deletion-task.js';
import { fromS3 } from './from-s3.js';
import { lastCall } from './last-call.js';
import type { S3Place } from './s3-place.js';

/** A thousand versions a round. Somebody who writes as fast as this deletes must not keep it for ever. */
const roundsMax = 100;

/**
 * Deletes every version of one key and its delete markers, until a listing shows none. Answers why it could not, or undefined.
 */
export async function eraseVersions(
  place: S3Place,
  task: DeletionTask,
  options: DeleteTasksOptions,
): Promise<StorageDeleteError | undefined> {
  using last = lastCall(options.signal);
  try {
    for (let round = 0; round < roundsMax && options.signal?.aborted !== true; round++) {
      const versions = await versionsOf(place, task.objectKey, last.signal);
      if (versions.length === 0) return undefined;
      const tasks = versions.map((versionId) => ({ ...task, versionId }));
      const outcomes = await deleteTasks(place, tasks, options);
      for (const version of tasks) {
        const outcome = outcomes.get(version);
        if (outcome?.type === 'failed') return outcome.error;
      }
    }
  } catch (error) {
    return failure(place, task.key, error);
  }
  return {
    message: `Could not delete every version of '${task.key}' in ${place.location}: called off, or new ones came.`,
    permanent: false,
  };
}

/** The first of them. Versions are listed in the order of their keys, so those of the key itself come first. */
async function versionsOf(
  { client, bucket }: S3Place,
  objectKey: string,
  abortSignal: AbortSignal,
): Promise<string[]> {
  const {
    Versions = [],
    DeleteMarkers = [],
    EncodingType,
  } = fromS3(
    await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: objectKey, EncodingType: 'url' }),
      { abortSignal },
    ),
    'Name',
    'IsTruncated',
  );
  return [...Versions, ...DeleteMarkers]
    .filter(({ Key = '' }) => decodeKey(Key, EncodingType) === objectKey)
    .map(({ VersionId }) => VersionId ?? 'null');
}
