import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { decodeKey } from './decode-key.js';
import { fromS3 } from './from-s3.js';
import { isAbsent } from './s3-fault.js';
import type { S3Place } from './s3-place.js';

/** Parts that were under way when their upload was given up may still land, so it is asked again until nothing is listed. */
const roundsMax = 10;

/**
 * Gives up every unfinished multipart upload of one key, with its parts, which DeleteObject leaves. Rejects with the SDK's
 * error.
 */
export async function abortUploads(
  { client, bucket }: S3Place,
  objectKey: string,
  abortSignal: AbortSignal,
): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    // Uploads are listed in the order of their keys, so those of the key itself come before those it is the beginning of.
    const { Uploads = [], EncodingType } = fromS3(
      await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: objectKey, EncodingType: 'url' }),
        { abortSignal },
      ),
      'Bucket',
      'IsTruncated',
    );
    const own = Uploads.filter(({ Key = '' }) => decodeKey(Key, EncodingType) === objectKey);
    if (own.length === 0) return;
    for (const { UploadId } of own) {
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: objectKey, UploadId }), {
          abortSignal,
        });
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    }
  }
  throw Object.assign(new Error(`after ${roundsMax} rounds there are still unfinished uploads`), {
    name: 'UploadsRemain',
  });
}
