import { Readable } from 'node:stream';
import { broken, demand } from './broken.js';

/** Bytes without a period, so that a chunk that is lost, doubled or out of order changes them. The same seed, the same bytes. */
export function bytesOf(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed >>> 0;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A stream of bytes in chunks of the given sizes, which repeat. */
export function streamOf(bytes: Uint8Array, chunkSizes: readonly number[] = [64 * 1024]): Readable {
  return guarded(Readable.from(chunksOf(bytes, chunkSizes), { objectMode: false }));
}

/** Nobody but the storage should have to listen; but a storage that does not must fail its case, not end the process. */
export function guarded<Stream extends Readable>(stream: Stream): Stream {
  stream.on('error', () => undefined);
  return stream;
}

function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): Generator<Buffer> {
  const whole = Buffer.from(bytes);
  for (let start = 0, index = 0; start < whole.length; index++) {
    const size = sizes[index % sizes.length] ?? whole.length;
    yield whole.subarray(start, start + size);
    start += size;
  }
}

const halfBytes = 64 * 1024;

/** A content that stops in the middle until it is told how to go on. */
export class HeldContent extends Readable {
  readonly bytes = bytesOf(2 * halfBytes, 7);
  readonly #halfway = Promise.withResolvers<void>();
  #asked = 0;

  constructor() {
    // The least mark: the second half is asked for only when somebody took the first.
    super({ highWaterMark: 1 });
    guarded(this);
  }

  /** Resolves when the first half was taken. */
  get halfway(): Promise<void> {
    return this.#halfway.promise;
  }

  /** Gives the second half and ends. */
  release(): void {
    if (this.destroyed) return;
    this.push(this.bytes.subarray(halfBytes));
    this.push(null);
  }

  override _read(): void {
    this.#asked++;
    if (this.#asked === 1) this.push(this.bytes.subarray(0, halfBytes));
    if (this.#asked === 2) this.#halfway.resolve();
  }
}

/** All bytes of a stream that a storage answered with. */
export async function collect(stream: Readable, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) {
      stream.destroy();
      throw broken(`${what} gave a stream of ${typeof chunk}s; a stream of bytes was due.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Says where two contents part, for they may be too long to show. */
export function demandSame(actual: Buffer, expected: Buffer, what: string): void {
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  demand(
    at === -1 || at >= expected.length,
    () => `${what} gave other bytes than were written, from byte ${at} on.`,
  );
  demand(
    actual.length === expected.length,
    () => `${what} gave ${actual.length} bytes instead of ${expected.length}.`,
  );
}
