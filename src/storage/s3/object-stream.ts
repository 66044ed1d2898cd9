import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import type { FileRegistryError } from '../../errors/file-registry-error.js';

/**
 * The body of an answer as a stream whose errors are the registry's. Its end, however it comes, closes the body and with it the
 * connection.
 */
export class ObjectStream extends Transform {
  constructor(
    body: Readable,
    private readonly explain: (error: Error) => FileRegistryError,
  ) {
    super();
    pipeline(body, this, () => undefined);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, chunk);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    done(error && error.name !== 'AbortError' ? this.explain(error) : error);
  }
}
