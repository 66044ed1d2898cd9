import { GetObjectCommand } from '@aws-sdk/client-s3';
import { addAbortSignal, Readable } from 'node:stream';
import { BytesMissingError } from '../../errors/bytes-missing-error.js';
import { InvalidRangeError } from '../../errors/invalid-range-error.js';
import type { StorageObject, StorageReadOptions } from '../storage.js';
import { foreignAnswer, fromS3 } from './from-s3.js';
import { ObjectStream } from './object-stream.js';
import { isAbsent, s3Code, s3Fault } from './s3-fault.js';
import type { S3Place } from './s3-place.js';

/** Opens an object or a range of it. The stream holds a connection until it is read, destroyed or its signal fires. */
export async function readObject(
  place: S3Place,
  { key, versionId }: StorageObject,
  options: StorageReadOptions = {},
): Promise<Readable> {
  const { signal } = options;
  signal?.throwIfAborted();
  const objectKey = place.objectKey(key);
  const range = rangeHeader(options, key);
  try {
    const answer = await place.client.send(
      new GetObjectCommand({ Bucket: place.bucket, Key: objectKey, VersionId: versionId, Range: range }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    const explain = (error: Error) => s3Fault(error, { place, doing: 'read', key });
    const stream = new ObjectStream(answer.Body as Readable, explain);
    try {
      const { ContentRange, ContentLength } = fromS3(answer, 'ETag');
      // No bytes are in any range that begins where they end.
      const isEmpty = ContentLength === 0 && (options.start ?? 0) === 0;
      if (range !== undefined && !isEmpty && !fits(ContentRange, options)) {
        throw foreignAnswer(`asked for ${range}, it gave ${ContentRange ?? 'no range'}`);
      }
    } catch (error) {
      stream.destroy();
      throw error;
    }
    return signal === undefined ? stream : addAbortSignal(signal, stream);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    // No range fits an empty object, so S3 refuses even the one that begins at its beginning.
    if (s3Code(error) === 'InvalidRange' && (options.start ?? 0) === 0)
      return Readable.from([], { objectMode: false });
    throw explained(error, place, key, versionId, options);
  }
}

function rangeHeader({ start = 0, end }: StorageReadOptions, key: string): string | undefined {
  const isOffset = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (!isOffset(start) || (end !== undefined && (!isOffset(end) || end < start))) {
    throw outOfRange(key, { start, end });
  }
  return start === 0 && end === undefined ? undefined : `bytes=${start}-${end ?? ''}`;
}

/** A server or cache that passes by the range answers the whole, and its first bytes would pass for those in the middle. */
function fits(contentRange: string | undefined, { start = 0, end = Infinity }: StorageReadOptions): boolean {
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(contentRange ?? '') ?? [];
  return Number(first) === start && Number(last) <= end;
}

function explained(
  error: unknown,
  place: S3Place,
  key: string,
  versionId: string | undefined,
  options: StorageReadOptions,
): Error {
  if (s3Code(error) === 'InvalidRange') return outOfRange(key, options, error);
  const isDeleteMarker = versionId !== undefined && s3Code(error) === 'MethodNotAllowed';
  if (!isAbsent(error) && !isDeleteMarker) return s3Fault(error, { place, doing: 'read', key });
  return new BytesMissingError(
    `Nothing lies at '${key}' in ${place.location}. Restore the object from a backup, or erase the file in the registry.`,
    { context: { key, versionId }, cause: error },
  );
}

function outOfRange(key: string, { start, end }: StorageReadOptions, cause?: unknown): InvalidRangeError {
  return new InvalidRangeError(
    `The range from ${start ?? 0} to ${end ?? 'the end'} does not fit '${key}'. ` +
      'Pass whole numbers with 0 <= start <= end, both inclusive, and start before the end of the object.',
    { context: { key, start, end }, cause },
  );
}
