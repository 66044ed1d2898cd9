import type { Readable } from 'node:stream';
import type { FileContent } from '../registry/content.js';
import type { StoredFile } from '../registry/stored-file.js';
import type { RenditionSpec } from './rendition-spec.js';

/**
 * Makes renditions: of an original's bytes, by a spec. Registered in the option `renditions.maker`; `sharpMaker` of
 * `nestjs-file-registry/sharp` is one.
 *
 * The registry calls it for one caller at a time for each original and spec, over all processes. It may be called again for
 * what was made already, after a crash, so it should have no effect but its answer.
 */
export interface RenditionMaker {
  /**
   * Refuses specs that it does not know, before anything is read or reserved, and at once: no promise. Left out: every spec is tried.
   *
   * @throws InvalidRenditionSpecError
   */
  check?(spec: RenditionSpec): void;

  /**
   * Makes one rendition. Whatever it throws is reported to all who wait, as the cause of a `RenditionFailedError`; errors of the
   * registry keep their code in its context.
   */
  make(request: RenditionRequest): Promise<MadeRendition>;
}

/** What a maker is asked for. */
export interface RenditionRequest {
  readonly original: StoredFile;
  readonly spec: RenditionSpec;
  /** Opens the original's bytes. May be called more than once; what is still open when the making is over is closed. */
  readonly read: () => Promise<Readable>;
  /** Fires when nobody wants it any more: a timeout, a shutdown. The maker should stop. */
  readonly signal: AbortSignal;
}

/** What a maker answers. */
export interface MadeRendition {
  /** The bytes, at least one of them. */
  readonly content: FileContent;
  readonly contentType?: string | undefined;
  /** For people. Default: the original's. */
  readonly filename?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}
