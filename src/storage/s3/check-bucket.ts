import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { StorageUnusableError } from '../../errors/storage-unusable-error.js';
import { decodeKey } from './decode-key.js';
import { fromS3 } from './from-s3.js';
import { isAbsent, s3Fault } from './s3-fault.js';
import { type S3Place, withoutProtocol } from './s3-place.js';

/**
 * Lists, begins an upload and gives it up again: nothing of it is ever visible, and in a bucket with versions neither a version
 * nor a delete marker stays. The key is always the same, so that what a check left that was killed in between goes with the next;
 * several may have it at the same time. Rejects with `StorageUnusableError`, which says what to do.
 */
export async function checkBucket(place: S3Place): Promise<void> {
  const { client, bucket, prefix } = place;
  await compareEndpoint(place);
  // Without the permission to list, S3 answers 403 for absent objects, which could not be told from forbidden ones.
  await step(place, 'list', async () =>
    fromS3(
      await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 })),
      'Name',
      'KeyCount',
      'IsTruncated',
    ),
  );
  const key = `${prefix}.file-registry-check-upload`;
  const { Uploads = [], EncodingType } = await step(place, 'list the unfinished uploads of', async () =>
    fromS3(
      await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, EncodingType: 'url' }),
      ),
      'Bucket',
      'IsTruncated',
    ),
  );
  const left = Uploads.filter(({ Key = '' }) => decodeKey(Key, EncodingType) === key);
  const begun = await step(place, 'begin an upload in', async () =>
    fromS3(await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key })), 'UploadId'),
  );
  for (const { UploadId } of [...left, begun]) {
    await step(place, 'give up an upload in', () => giveUp(place, key, UploadId));
  }
}

/** Another check may have given it up before. */
async function giveUp({ client, bucket }: S3Place, key: string, uploadId: string | undefined): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function compareEndpoint({ client, endpoint, location }: S3Place): Promise<void> {
  if (endpoint === undefined) return;
  const actual = await client.config.endpoint?.();
  if (actual === undefined) return;
  const { protocol, hostname, port, path } = actual;
  const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
  if (withoutProtocol(url) === withoutProtocol(endpoint)) return;
  throw new StorageUnusableError(
    `The storage ${location} is said to have the endpoint ${endpoint}, but its client has ${url}. Correct the option \`endpoint\`.`,
    { context: { endpoint, actual: url } },
  );
}

async function step<Result>(place: S3Place, doing: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const fault = s3Fault(error, { place, doing });
    throw new StorageUnusableError(fault.message, { context: fault.context, cause: error });
  }
}
