import { PassThrough, pipeline, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { InvalidContentError } from '../errors/invalid-content-error.js';

/**
 * What `store` takes as content. Streams are read once and never held in memory as a whole. One of Node is stored from where it is:
 * what was read of it before belongs to the file only if it was put back with `unshift`.
 */
export type FileContent =
  Readable | NodeJS.ReadableStream | ReadableStream | globalThis.ReadableStream | Buffer | Uint8Array | Blob;

/**
 * @throws InvalidContentError for anything else, for a stream that has ended or was destroyed, and for a web stream of which
 *   anything was read.
 */
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
  if (isNodeStream(content)) {
    if (content.destroyed || content.readableEnded || content.errored) {
      throw refuse(
        'a stream that has ended or was destroyed',
        'Pass a fresh one; a stream can be read once.',
      );
    }
    return content instanceof Readable ? content : fromPackage(content);
  }
  throw refuse(
    kindOf(content),
    `Pass ${typeof content === 'string' ? 'Buffer.from(text), ' : ''}a Readable, a web ReadableStream, a Buffer, a Uint8Array or a Blob.`,
  );
}

/** Those of the package readable-stream are none of Node's class. */
function isNodeStream(content: unknown): content is Readable {
  return (
    content instanceof Readable ||
    (typeof (content as Partial<Readable> | null)?.pipe === 'function' &&
      Symbol.asyncIterator in (content as object))
  );
}

/** In object mode for the same reason. An end, an error or a destroy on either side reaches the other. */
function fromPackage(stream: Readable): Readable {
  const passed = new PassThrough({ objectMode: true, highWaterMark: 1 });
  pipeline(stream, passed, () => undefined);
  return passed;
}

/** Never the content itself, which is nobody's business in a log. */
function kindOf(content: unknown): string {
  switch (typeof content) {
    case 'string':
      return 'a text';
    case 'object':
      return content === null ? 'null' : 'an object of another kind';
    case 'undefined':
      return 'undefined';
    default:
      return `a ${typeof content}`;
  }
}

/** In object mode, because otherwise texts would be encoded silently and objects look like a failure of the stream. */
function fromWeb(stream: ReadableStream): Readable {
  return Readable.fromWeb(stream, { objectMode: true });
}

function refuse(received: string, hint: string): InvalidContentError {
  return new InvalidContentError(`Content cannot be ${received}. ${hint}`, { context: { received } });
}
