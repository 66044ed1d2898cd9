import { addAbortSignal, type Readable } from 'node:stream';
import type { StoredFile } from '../../registry/stored-file.js';
import { orAborted } from '../../registry/or-aborted.js';
import type { RenditionRequest } from '../rendition-maker.js';
import { invalidImage } from './image-error.js';

/**
 * The original's bytes, in memory: sharp collects a stream before it begins anyway, and this way they are read once for the
 * header and for the pixels. The stream is destroyed whatever happens.
 *
 * @throws InvalidImageError when there are more than `maxBytes`; what the storage throws
 */
export async function readBytes(
  { original, read, signal }: Pick<RenditionRequest, 'original' | 'read' | 'signal'>,
  maxBytes: number,
): Promise<Buffer> {
  if (original.size > maxBytes) {
    throw tooLarge(original, maxBytes);
  }
  const stream = await open(read, signal);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of addAbortSignal(signal, stream)) {
    sizeBytes += (chunk as Buffer).length;
    // The row may be wrong: whoever can write to the storage can make the object larger.
    if (sizeBytes > maxBytes) throw tooLarge(original, maxBytes);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, sizeBytes);
}

async function open(read: RenditionRequest['read'], signal: AbortSignal): Promise<Readable> {
  const opening = read();
  try {
    return await orAborted(opening, signal);
  } catch (error) {
    void opening.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    throw error;
  }
}

function tooLarge(original: StoredFile, maxBytes: number): Error {
  return invalidImage(
    original,
    'too-many-bytes',
    `has more than the ${maxBytes} bytes that maxInputSizeBytes allows`,
  );
}
