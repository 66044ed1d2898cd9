import { addAbortListener } from 'node:events';
import { Readable } from 'node:stream';
import type { RegistryDatabase } from '../database/registry-database.js';
import { DatabaseUnavailableError } from '../errors/database-unavailable-error.js';
import { FileBusyError } from '../errors/file-busy-error.js';
import { FileCondemnedError } from '../errors/file-condemned-error.js';
import { FileNotFoundError } from '../errors/file-not-found-error.js';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { RenditionBusyError } from '../errors/rendition-busy-error.js';
import { RenditionFailedError } from '../errors/rendition-failed-error.js';
import { RenditionLimitError } from '../errors/rendition-limit-error.js';
import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { toReadable } from '../registry/content.js';
import { findOrThrow } from '../registry/find-or-throw.js';
import { openFile } from '../registry/open-file.js';
import { orAborted } from '../registry/or-aborted.js';
import { planUpload } from '../registry/plan-upload.js';
import type { StoredFile } from '../registry/stored-file.js';
import {
  renditionBusy,
  type RenditionFailure,
  renditionFailed,
  type RenditionName,
  toRenditionFailure,
} from './rendition-errors.js';
import { RenditionLease } from './rendition-lease.js';
import type { MadeRendition, RenditionMaker } from './rendition-maker.js';
import type { RenditionSpec } from './rendition-spec.js';
import { RenditionUpload } from './rendition-upload.js';

/** Say nothing of the maker: whoever asks next is told the same, or gets it. */
const notTheMakers = [DatabaseUnavailableError, RenditionBusyError, StorageUnavailableError];
/** Neither do these of the original. Of another file that the maker needs they are its failure. */
const ofTheOriginal = [FileBusyError, FileCondemnedError, FileNotFoundError, RenditionLimitError];

export interface RenditionAssignment extends RenditionName {
  readonly original: StoredFile;
  readonly spec: RenditionSpec;
  readonly maker: RenditionMaker;
  readonly token: string;
}

/** What came of it: null where another call has taken over. */
export type MakingResult = { readonly file: StoredFile; readonly existing: boolean } | null;

/** The making of one rendition under a lease, which is over when this is. */
export class RenditionMaking {
  private readonly stop = new AbortController();
  private readonly lease: RenditionLease;
  private ended: 'timeout' | 'lost' | undefined;
  /** What the maker reads from. It may leave one open, or open one when all is over. */
  private readonly opened: Readable[] = [];
  private over = false;

  constructor(
    private readonly assignment: RenditionAssignment,
    private readonly options: ResolvedOptions,
    private readonly database: RegistryDatabase,
    private readonly shutdown: AbortSignal,
  ) {
    const { token } = assignment;
    this.lease = new RenditionLease(assignment, token, options.renditions.leaseMs, database);
  }

  async run(): Promise<MakingResult> {
    const renewing = this.lease.keep(() => this.end('lost'));
    const timer = setTimeout(() => {
      // Whatever still hangs then must not keep others from making it.
      renewing.stop();
      this.end('timeout');
    }, this.options.renditions.timeoutMs);
    // Not AbortSignal.any, which keeps every signal that the maker leaves a listener on for as long as the application runs.
    const shuttingDown = addAbortListener(this.shutdown, () => this.stop.abort(this.shutdown.reason));
    try {
      return await this.make(this.stop.signal);
    } catch (error) {
      return await this.conclude(error);
    } finally {
      clearTimeout(timer);
      renewing.stop();
      shuttingDown[Symbol.dispose]();
      this.over = true;
      this.opened.forEach((stream) => stream.destroy());
    }
  }

  private end(why: 'timeout' | 'lost'): void {
    this.ended ??= why;
    this.stop.abort(new Error(why === 'timeout' ? 'the maker took too long' : 'the lease was lost'));
  }

  private async make(signal: AbortSignal): Promise<MakingResult> {
    const { original, spec, maker } = this.assignment;
    const read = () => this.open(signal);
    const making = Promise.resolve().then(() => maker.make({ original, spec, read, signal }));
    const made = await orAborted(making, signal).catch((error: unknown) => {
      // What comes after all is nobody's.
      making.then(discard, () => undefined);
      throw error;
    });
    try {
      return await this.store(made, signal);
    } finally {
      discard(made);
    }
  }

  private async open(signal: AbortSignal): Promise<Readable> {
    const { original } = this.assignment;
    const stream = await openFile(original, this.options.storages, { signal }, () =>
      findOrThrow(original, this.database),
    );
    // Where the maker does not listen to it, its error would end the process.
    stream.on('error', () => undefined);
    this.opened.push(stream);
    return this.over ? stream.destroy() : stream;
  }

  private async store(made: MadeRendition, signal: AbortSignal): Promise<MakingResult> {
    if (typeof made !== 'object' || made === null || made.content === undefined || made.content === null) {
      throw new RenditionFailedError('The maker made nothing. Make it answer with { content }, or throw.');
    }
    const { original } = this.assignment;
    const plan = planUpload(
      {
        filename: made.filename ?? original.filename ?? undefined,
        contentType: made.contentType ?? (made.filename === undefined ? original.contentType : undefined),
        metadata: made.metadata,
        storage: this.options.renditions.storage ?? original.storage,
        signal,
      },
      // What clients may upload says nothing of what is made of it.
      { ...this.options, allowedContentTypes: undefined },
    );
    const storage = this.options.storages.get(plan.storage);
    const upload = new RenditionUpload(
      this.assignment,
      plan,
      storage,
      this.database,
      this.options.uploadTtlMs,
    );
    try {
      const file = await upload.run(toReadable(made.content));
      return { file, existing: upload.existing };
    } catch (error) {
      if (upload.lost) this.end('lost');
      throw error;
    }
  }

  private async conclude(cause: unknown): Promise<null> {
    if (this.ended === 'lost') {
      return null;
    }
    // Where one of these does not arrive, the lease ends by itself.
    if (this.shutdown.aborted) {
      await this.lease.release().catch(() => undefined);
      throw renditionBusy(this.assignment, 'the application shuts down');
    }
    if (this.isNotTheMakers(cause)) {
      await this.lease.release().catch(() => undefined);
      throw cause;
    }
    const failure = this.failureOf(cause);
    await this.lease.fail(failure, this.options.renditions.failureTtlMs).catch(() => undefined);
    throw renditionFailed(this.assignment, failure, cause);
  }

  private isNotTheMakers(error: unknown): boolean {
    if (notTheMakers.some((type) => error instanceof type)) {
      return true;
    }
    const of = ofTheOriginal.find((type) => error instanceof type) && (error as FileRegistryError).context;
    return of !== undefined && [of['fileId'], of['fileIds']].flat().includes(this.assignment.originalId);
  }

  private failureOf(error: unknown): RenditionFailure {
    if (this.ended === 'timeout') {
      return { message: `The maker took longer than ${this.options.renditions.timeoutMs} ms.` };
    }
    return error instanceof RenditionFailedError ? { message: error.message } : toRenditionFailure(error);
  }
}

/** Ends a stream that nobody reads to its end. */
function discard(made: MadeRendition | undefined): void {
  const content: unknown = Object(made).content;
  if (content instanceof Readable && !content.destroyed) {
    content.once('error', () => undefined).destroy();
  } else if (content instanceof ReadableStream && !content.locked) {
    content.cancel().catch(() => undefined);
  }
}
