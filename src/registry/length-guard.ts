import { finished, Readable } from 'node:stream';
import { ContentMismatchError } from '../errors/content-mismatch-error.js';
import type { StoredFile } from './stored-file.js';

/**
 * The bytes of a file, or a range of them, as a storage gives them; fails where they are more or fewer than its row says. Who
 * promised that length to somebody, as in a `Content-Length`, would else send bytes that the other takes for the next answer.
 */
export class LengthGuard extends Readable {
  private readonly expectedBytes: number;
  private receivedBytes = 0;
  /** Completes the length, and waits for the end: given before, a content that is too long would look whole. */
  private last: Uint8Array | undefined;

  constructor(
    private readonly source: Readable,
    private readonly file: StoredFile,
    { start = 0, end = file.size - 1 }: { readonly start?: number; readonly end?: number } = {},
  ) {
    super();
    this.expectedBytes = end - start + 1;
    // Paused, because a source that nobody reads should open nothing.
    source.pause().on('data', (chunk: Uint8Array) => this.pass(chunk));
    finished(source, { writable: false }, (error) => (error ? this.destroy(error) : this.complete()));
  }

  override _read(): void {
    this.source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Without the error, which is none of the source's or known to it.
    this.source.destroy();
    done(error);
  }

  private pass(chunk: Uint8Array): void {
    this.receivedBytes += chunk.byteLength;
    if (this.receivedBytes === this.expectedBytes) {
      this.last ??= chunk;
    } else if (this.receivedBytes < this.expectedBytes) {
      if (!this.push(chunk)) {
        this.source.pause();
      }
    } else {
      // Also what has no byteLength, which cannot be counted.
      this.destroy(this.mismatch());
    }
  }

  private complete(): void {
    if (this.receivedBytes === this.expectedBytes) {
      if (this.last !== undefined) {
        this.push(this.last);
      }
      this.push(null);
    } else {
      this.destroy(this.mismatch());
    }
  }

  private mismatch(): ContentMismatchError {
    const { id, storage, key } = this.file;
    const received = this.receivedBytes < this.expectedBytes ? `only ${this.receivedBytes}` : 'more';
    return new ContentMismatchError(
      `Storage '${storage}' gave ${received} where ${this.expectedBytes} bytes of file ${id} were due: its object was changed behind the registry's back, or ranges are not respected. Put the file's bytes back at '${key}', or mend the storage.`,
      { context: { fileId: id, storage, key, expectedBytes: this.expectedBytes } },
    );
  }
}
