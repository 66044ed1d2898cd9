import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { ContentTooLargeError } from '../errors/content-too-large-error.js';
import { InvalidContentError } from '../errors/invalid-content-error.js';

/** Passes bytes through and measures them on the way: their number, their SHA-256, and whether they are too many. */
export class ContentMeter extends Transform {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  constructor(private readonly maxSizeBytes: number) {
    super({ writableObjectMode: true });
  }

  /** Not called `size`, which storages' clients take for the length of a body that is still to come. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** To be asked once, after the end. */
  checksum(): Buffer {
    return this.hash.digest();
  }

  override _transform(chunk: unknown, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!(chunk instanceof Uint8Array)) {
      done(
        new InvalidContentError(
          `The content's stream yields ${typeof chunk}s instead of bytes. Do not call setEncoding() on it, and encode objects first.`,
        ),
      );
      return;
    }
    this.bytes += chunk.byteLength;
    if (this.bytes > this.maxSizeBytes) {
      done(
        new ContentTooLargeError(
          `The content is larger than ${this.maxSizeBytes} bytes. Raise maxSizeBytes, or refuse it at the door.`,
          { context: { maxSizeBytes: this.maxSizeBytes } },
        ),
      );
      return;
    }
    this.hash.update(chunk);
    done(null, chunk);
  }
}
