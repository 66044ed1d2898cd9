import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { performance } from 'node:perf_hooks';
import { isUnknownCall, s3Code } from './s3-fault.js';
import type { S3Place } from './s3-place.js';

const askedAnewAfterMs = 60_000;
const askedAt = new WeakMap<S3Place, number>();

/**
 * Asks, at most once a minute, whether the bucket keeps versions. The answer to a deletion alone does not tell: Ceph writes no
 * second delete marker over a first one, and says nothing of the versions below. Rejects with the SDK's error.
 */
export async function learnVersioning(place: S3Place, abortSignal: AbortSignal): Promise<void> {
  const now = performance.now();
  if (place.keepsVersions || now - (askedAt.get(place) ?? -Infinity) < askedAnewAfterMs) return;
  try {
    const { Status } = await place.client.send(new GetBucketVersioningCommand({ Bucket: place.bucket }), {
      abortSignal,
    });
    if (Status === 'Enabled' || Status === 'Suspended') place.keepsVersions = true;
  } catch (error) {
    // We may not ask, or there are no versions. Then the marks in the answers to deletions have to do.
    if (!isUnknownCall(error) && s3Code(error) !== 'AccessDenied') throw error;
  }
  askedAt.set(place, now);
}
