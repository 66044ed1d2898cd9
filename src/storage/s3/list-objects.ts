import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { StorageUnavailableError } from '../../errors/storage-unavailable-error.js';
import { StorageUnusableError } from '../../errors/storage-unusable-error.js';
import { keyFault } from '../assert-key.js';
import { compareKeys } from '../compare-keys.js';
import { isHiddenKey } from '../is-hidden-key.js';
import type { ListedObject, StorageListOptions } from '../storage.js';
import { ageMs, noteAnswerDate } from './answer-date.js';
import { decodeKey } from './decode-key.js';
import { fromS3 } from './from-s3.js';
import { guardedCall } from './guarded-call.js';
import type { S3Place } from './s3-place.js';

/** A server that gives nothing but promises of more is broken; a healthy one skips deleted keys in a page or two. */
const emptyPagesMax = 1000;

/**
 * The current objects below the storage's prefix, a page of 1,000 at a time. Older versions, and what lies below a delete
 * marker, are none of them. Rejects where the server does not keep the order of bytes, on which whoever merges relies.
 */
export async function* listObjects(
  place: S3Place,
  options: StorageListOptions = {},
): AsyncGenerator<ListedObject, void, undefined> {
  const { after, prefix = '', signal, onObstacle } = options;
  let last = after === undefined ? undefined : place.prefix + after;
  let token: string | undefined;
  for (let emptyPages = 0; emptyPages <= emptyPagesMax;) {
    const command: ListObjectsV2Command = new ListObjectsV2Command({
      Bucket: place.bucket,
      Prefix: place.prefix + prefix,
      StartAfter: token === undefined ? last : undefined,
      ContinuationToken: token,
      EncodingType: 'url',
    });
    const answerDate = noteAnswerDate(command);
    const page: ListObjectsV2CommandOutput = await guardedCall({ place, doing: 'list' }, signal, async () =>
      fromS3(
        await place.client.send(command, signal === undefined ? {} : { abortSignal: signal }),
        'Name',
        'KeyCount',
        'IsTruncated',
      ),
    );
    const objects = page.Contents ?? [];
    const before = last;
    for (const { Key = '', Size = 0, LastModified } of objects) {
      signal?.throwIfAborted();
      const objectKey = decodeKey(Key, page.EncodingType);
      if (objectKey === undefined) {
        onObstacle?.({ path: Key, problem: 'has a name that is no UTF-8; rename it' });
        continue;
      }
      if (last !== undefined && compareKeys(objectKey, last) <= 0) throw outOfOrder(place, objectKey, last);
      last = objectKey;
      const key = objectKey.slice(place.prefix.length);
      if (isHiddenKey(key)) continue;
      const fault = keyFault(key);
      if (fault === undefined) yield { key, sizeBytes: Size, ageMs: ageMs(answerDate(), LastModified) };
      else onObstacle?.({ path: key, problem: fault });
    }
    if (page.IsTruncated !== true) return;
    // A server that forgets the token is asked from the last key on.
    token = page.NextContinuationToken;
    // Without a token a page of names that cannot be decoded would come for ever.
    const onward = objects.length > 0 && (token !== undefined || last !== before);
    emptyPages = onward ? 0 : emptyPages + 1;
  }
  throw new StorageUnavailableError(
    `${place.location} answered ${emptyPagesMax} empty pages of its listing in a row, or the same one, and promised more. Look at the server, then list again from the last key.`,
    { context: { after: last } },
  );
}

function outOfOrder(place: S3Place, key: string, last: string): StorageUnusableError {
  return new StorageUnusableError(
    `${place.location} lists '${key}' behind '${last}', which is not the order of their bytes. ` +
      'Buckets without that order, such as directory buckets, can be stored into but not be reconciled.',
    { context: { key, last } },
  );
}
