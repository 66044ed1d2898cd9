import { HeadBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { StorageObject, StoredObject } from '../storage.js';
import { ageMs, noteAnswerDate } from './answer-date.js';
import { fromS3 } from './from-s3.js';
import { httpStatus, s3Fault } from './s3-fault.js';
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
    const { ContentLength, LastModified, VersionId, ContentType } = fromS3(
      await place.client.send(command),
      'ETag',
    );
    return {
      sizeBytes: ContentLength ?? 0,
      versionId: VersionId,
      ageMs: ageMs(answerDate(), LastModified),
      contentType: ContentType,
    };
  } catch (error) {
    // 405 answers for a delete marker that was asked for by its version.
    if (![404, 405].includes(httpStatus(error) ?? 0)) {
      throw s3Fault(codedByStatus(error), { place, doing: 'look at', key });
    }
  }
  await demandBucket(place, key);
  return null;
}

async function demandBucket(place: S3Place, key: string): Promise<void> {
  try {
    await place.client.send(new HeadBucketCommand({ Bucket: place.bucket }));
  } catch (error) {
    throw s3Fault(codedByStatus(error), { place, doing: 'look at', key });
  }
}

const codesByStatus: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NoSuchBucket',
  405: 'MethodNotAllowed',
  501: 'NotImplemented',
};

/** An answer to HEAD has no body with a code, so here alone the status has to say it. */
function codedByStatus(error: unknown): unknown {
  const status = httpStatus(error);
  if (status === undefined) return error;
  return Object.assign(error as object, { Code: codesByStatus[status] ?? `status ${status}` });
}
