import { HeadBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { StorageObject, StoredObject } from '../storage.js';
import { ageMs, noteAnswerDate } from './answer-date.js';
import { httpStatus, isAbsent, s3Fault } from './s3-fault.js';
import type { S3Place } from './s3-place.js';

/** Size, age and version by HeadObject; null where the object, or the version asked for, is not there. */
export async function statObject(
  place: S3Place,
  { key, versionId }: StorageObject,
): Promise<StoredObject | null> {
  const objectKey = place.objectKey(key);
  const command = new HeadObjectCommand({ Bucket: place.bucket, Key: objectKey, VersionId: versionId });
  const answerDate = noteAnswerDate(command);
  try {
    const { ContentLength, LastModified, VersionId, ContentType } = await place.client.send(command);
    return {
      sizeBytes: ContentLength ?? 0,
      versionId: VersionId,
      ageMs: ageMs(answerDate(), LastModified),
      contentType: ContentType,
    };
  } catch (error) {
    // 405 answers for a delete marker that was asked for by its version.
    if (!isAbsent(error) && httpStatus(error) !== 405) {
      throw s3Fault(error, { place, doing: 'look at', key });
    }
  }
  await demandBucket(place, key);
  return null;
}

/** An answer to HEAD has no body that could tell a missing bucket from a missing object. */
async function demandBucket(place: S3Place, key: string): Promise<void> {
  try {
    await place.client.send(new HeadBucketCommand({ Bucket: place.bucket }));
  } catch (error) {
    const missing =
      httpStatus(error) === 404
        ? Object.assign(new Error('no such bucket'), { name: 'NoSuchBucket' })
        : error;
    throw s3Fault(missing, { place, doing: 'look at', key });
  }
}
