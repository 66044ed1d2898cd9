import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { InvalidContentError } from '../errors/invalid-content-error.js';

/** What `store` takes as content. Streams are read once and never held in memory as a whole. */
export type FileContent = Readable | ReadableStream | globalThis.ReadableStream | Buffer | Uint8Array | Blob;

/** @throws InvalidContentError for anything else, and for a stream that was read or destroyed before. */
export function toReadable(content: FileContent): Readable {
  if (content instanceof Uint8Array) {
    // In a list, because iterating over a Uint8Array would yield its single bytes.
    return Readable.from([Buffer.from(content.buffer, content.byteOffset, content.byteLength)]);
  }
  if (content instanceof Blob) {
    return fromWeb(content.stream() as ReadableStream);
  }
  if (content instanceof globalThis.ReadableStream) {
    if (content.locked) {
      throw refuse('a web stream that is locked to another reader', 'Pass it before anything reads it.');
    }
    if (Readable.isDisturbed(content as unknown as Readable)) {
      throw refuse(
        'a web stream that was read before',
        'Its rest would look like a whole; pass a fresh one.',
      );
    }
    return fromWeb(content as ReadableStream);
  }
  if (content instanceof Readable) {
    if (content.destroyed || content.readableEnded || content.errored) {
      throw refuse(
        'a stream that has ended or was destroyed',
        'Pass a fresh one; a stream can be read once.',
      );
    }
    return content;
  }
  throw refuse(
    content === null || typeof content !== 'object'
      ? String(content).slice(0, 100)
      : 'an object of another kind',
    'Pass a Readable, a web ReadableStream, a Buffer, a Uint8Array or a Blob.',
  );
}

/** In object mode, because otherwise texts would be encoded silently and objects look like a failure of the stream. */
function fromWeb(stream: ReadableStream): Readable {
  return Readable.fromWeb(stream, { objectMode: true });
}

function refuse(received: string, hint: string): InvalidContentError {
  return new InvalidContentError(`Content cannot be ${received}. ${hint}`, { context: { received } });
}
