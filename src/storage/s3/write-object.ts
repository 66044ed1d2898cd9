import { Upload } from '@aws-sdk/lib-storage';
import type { Readable } from 'node:stream';
import type { StorageWriteOptions, StorageWriteResult } from '../storage.js';
import { abortUploads } from './abort-uploads.js';
import { deleteObjects } from './delete-objects.js';
import { s3Fault } from './s3-fault.js';
import type { S3Place } from './s3-place.js';
import { UploadCalls } from './upload-calls.js';

/** A server that is silent must not hold whoever waits for a write that has failed. */
const tidyUpMs = 5000;

export interface WriteObjectOptions extends StorageWriteOptions {
  readonly partSizeBytes: number;
  readonly uploadConcurrency: number;
}

/**
 * Streams a content of unknown length: up to one part as one PutObject of a buffer, more as a multipart upload. (A PutObject
 * that streams needs its length beforehand, and Ceph refuses the trailing checksum that the SDK adds to it.) On failure no
 * part and no object stays, as far as the server can be reached. Errors of `content` come out as they are.
 */
export async function writeObject(
  place: S3Place,
  key: string,
  content: Readable,
  options: WriteObjectOptions,
): Promise<StorageWriteResult> {
  const { contentType, signal, partSizeBytes, uploadConcurrency } = options;
  // A stream that fails before or after it is listened to ends the process; its failure is reported below.
  content.on('error', () => undefined);
  let contentError: unknown;
  content.once('error', (error) => (contentError ??= error));
  let storageError: unknown;
  const calls = new UploadCalls(place.client, (error) => {
    storageError ??= error;
    content.destroy();
  });
  const onAbort = () => {
    calls.stop(signal?.reason);
    content.destroy();
  };
  try {
    signal?.throwIfAborted();
    const objectKey = place.objectKey(key);
    signal?.addEventListener('abort', onAbort, { once: true });
    const upload = new Upload({
      client: calls.client,
      params: { Bucket: place.bucket, Key: objectKey, Body: content, ContentType: contentType },
      partSize: partSizeBytes,
      queueSize: uploadConcurrency,
    });
    const { VersionId, $metadata } = await upload.done();
    signal?.throwIfAborted();
    if (VersionId !== undefined) place.keepsVersions = true;
    // An attempt whose answer was lost may have left a version that nobody knows; where none is recorded, all of them go.
    const isOnlyVersion = ($metadata.attempts ?? 1) === 1;
    return VersionId !== undefined && isOnlyVersion ? { versionId: VersionId } : {};
  } catch (error) {
    content.destroy();
    calls.stop(error);
    await calls.settled();
    await tidyUp(place, key, calls).catch(() => undefined);
    if (signal?.aborted === true) throw signal.reason;
    if (storageError !== undefined) throw s3Fault(storageError, { place, doing: 'write', key });
    throw contentError ?? error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What cannot be removed now is removed when the key's reservation runs out. */
async function tidyUp(place: S3Place, key: string, calls: UploadCalls): Promise<void> {
  const signal = AbortSignal.timeout(tidyUpMs);
  if (calls.mayBeVisible) {
    await deleteObjects(place, [{ key, abandoned: true }], { concurrency: 1, signal });
  } else if (calls.mayHaveParts) {
    await abortUploads(place, place.objectKey(key), signal);
  }
}
