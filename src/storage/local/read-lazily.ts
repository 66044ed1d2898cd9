import { addAbortSignal, Readable } from 'node:stream';
import { InvalidRangeError } from '../../errors/invalid-range-error.js';
import type { StorageReadOptions } from '../storage.js';
import { guarded } from './guarded.js';
import { openRegularFile } from './open-regular-file.js';
import type { LocalPlace } from './resolve-inside-root.js';

const chunkBytes = 64 * 1024;

interface Range {
  readonly start: number;
  /** Exclusive. */
  readonly stop: number;
}

/**
 * A stream over a file or a part of it. The file is looked at now, so that an error comes before the first byte was
 * promised to anybody, and opened again when reading begins: a stream that is never read holds no file open.
 */
export async function readLazily(place: LocalPlace, options: StorageReadOptions): Promise<Readable> {
  const { signal } = options;
  signal?.throwIfAborted();
  const range = await guarded({ doing: 'read', key: place.key }, async () => {
    const { handle, sizeBytes } = await openRegularFile(place);
    await handle.close();
    return rangeOf(options, sizeBytes, place.key);
  });
  signal?.throwIfAborted();
  const stream = Readable.from(chunks(place, range), { objectMode: false, highWaterMark: chunkBytes });
  return signal === undefined ? stream : addAbortSignal(signal, stream);
}

async function* chunks(place: LocalPlace, { start, stop }: Range): AsyncGenerator<Buffer> {
  const doing = { doing: 'read', key: place.key };
  const { handle } = await guarded(doing, () => openRegularFile(place));
  try {
    for (let position = start; position < stop;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, stop - position));
      const { bytesRead } = await guarded(doing, () => handle.read(buffer, 0, buffer.length, position));
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** An end past the last byte means the last byte, as in HTTP and S3; a start past it cannot be satisfied. */
function rangeOf({ start = 0, end }: StorageReadOptions, sizeBytes: number, key: string): Range {
  const isOffset = (value: number) => Number.isSafeInteger(value) && value >= 0;
  const valid = isOffset(start) && (end === undefined || (isOffset(end) && end >= start));
  if (valid && (start === 0 || start < sizeBytes)) {
    return { start, stop: Math.min(sizeBytes, end === undefined ? sizeBytes : end + 1) };
  }
  throw new InvalidRangeError(
    `'${key}' has ${sizeBytes} bytes, which the range from ${start} to ${end ?? 'the end'} does not fit. ` +
      'Pass whole numbers with 0 <= start <= end, both inclusive, and start before the end of the file.',
    { context: { key, start, end, sizeBytes } },
  );
}
