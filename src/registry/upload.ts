import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Argument } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { StorageUnavailableError } from '../errors/storage-unavailable-error.js';
import { UploadAbortedError } from '../errors/upload-aborted-error.js';
import { UploadExpiredError } from '../errors/upload-expired-error.js';
import { UploadFailedError } from '../errors/upload-failed-error.js';
import type { FileStorage, StorageWriteResult } from '../storage/storage.js';
import { ContentMeter } from './content-meter.js';
import { orAborted } from './or-aborted.js';
import type { PlannedUpload } from './plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';

/** Renewals within one time-to-live: two may fail before the reservation lapses. */
const renewalsPerTtl = 3;

/** How long an upload that broke waits until what it wrote is tidied up, which goes on afterwards. */
const tidyingMaxMs = 2000;

/**
 * One upload: reserve the key, write the bytes, make the file. A crash anywhere leaves a reservation, which the processor
 * deletes with whatever was written. No connection is held while bytes flow.
 */
export class Upload {
  private readonly stop = new AbortController();
  protected readonly meter: ContentMeter;
  /** How errors speak of it. */
  protected readonly words = {
    noun: 'upload',
    outcome: 'Nothing was stored',
    afterContentFailed: 'send it again',
  };
  private expired = false;
  /** Where it broke first; what breaks afterwards is only its echo. */
  private failure: { readonly by: 'content' | 'storage'; readonly cause: unknown } | undefined;
  /** The latest step that was begun, the reservation or the write: the key is given up after it, or it would use it again. */
  private begun: Promise<unknown> | undefined;

  constructor(
    protected readonly plan: PlannedUpload,
    private readonly storage: FileStorage,
    protected readonly database: RegistryDatabase,
    protected readonly ttlMs: number,
  ) {
    this.meter = new ContentMeter(plan.maxSizeBytes);
  }

  async run(content: Readable): Promise<StoredFile> {
    const signal = this.plan.signal
      ? AbortSignal.any([this.stop.signal, this.plan.signal])
      : this.stop.signal;
    // Before anything is awaited, or an error of the stream in the meantime would have no listener and end the process.
    const reading = this.watch('content', pipeline(content, this.meter, { signal }));
    try {
      this.failIfAborted();
      await this.unlessBroken(this.reserve(), signal);
      // A storage that only listens for the signal would never hear of one that has fired already.
      if (signal.aborted) {
        throw this.failure?.cause ?? signal.reason;
      }
      const written = await this.write(reading, signal);
      return await this.finish(written);
    } catch (error) {
      // Now, because what is stopped and tidied up below fails as well.
      const explained = this.explain(error);
      this.stop.abort();
      content.destroy();
      // Without it the reservation lapses and the processor does the same, unless it did so before a stalled write landed.
      const givenUp = this.begun?.then(() => this.abandon());
      await orAborted(Promise.resolve(givenUp), AbortSignal.timeout(tidyingMaxMs)).catch(() => undefined);
      throw explained;
    }
  }

  /** Not bound to heed the signal: a storage or a pool of connections that hangs must not hold the caller too. */
  private async unlessBroken<Result>(step: Promise<Result>, signal: AbortSignal): Promise<Result> {
    this.begun = step;
    return orAborted(step, signal).catch((error: unknown) => {
      throw this.failure?.cause ?? error;
    });
  }

  private async reserve(): Promise<void> {
    const { fileId, storage, key, filename } = this.plan;
    await this.database.call('reserve', [
      ['uuid', fileId],
      ['text', storage],
      ['text', key],
      ['text', filename],
      ['bigint', this.ttlMs],
    ]);
  }

  private async write(reading: Promise<void>, signal: AbortSignal): Promise<StorageWriteResult> {
    const renewing = this.renewWhileBytesFlow();
    try {
      const writing = this.watch('storage', this.writeAll(signal));
      const ended = Promise.allSettled([reading, writing]);
      const [read, written] = await this.unlessBroken(ended, signal);
      if (read.status === 'rejected' || written.status === 'rejected') {
        throw this.failure?.cause;
      }
      return written.value;
    } finally {
      renewing.stop();
    }
  }

  private async writeAll(signal: AbortSignal): Promise<StorageWriteResult> {
    const { key, contentType } = this.plan;
    const written = await this.storage.write(key, this.meter, { contentType, signal });
    if (!this.meter.readableEnded) {
      throw new StorageUnavailableError(
        `Storage '${this.plan.storage}' said that it had written ${key} before it had read all of it. ${this.words.outcome}.`,
        { context: { storage: this.plan.storage, key } },
      );
    }
    return written;
  }

  /** Makes it count, once its bytes are durable. */
  protected async finish({ versionId }: StorageWriteResult): Promise<StoredFile> {
    const file = await this.database.call<StoredFileJson | null>(
      'finish_upload',
      this.finishArguments(versionId),
    );
    return file === null ? this.takenBack() : toStoredFile(file);
  }

  /** What is known of the file once its bytes are durable. */
  protected finishArguments(versionId: string | undefined): Argument[] {
    const { fileId, contentType, metadata } = this.plan;
    return [
      ['uuid', fileId],
      ['text', versionId ?? null],
      ['text', contentType],
      ['bigint', this.meter.sizeBytes],
      ['bytea', `\\x${this.meter.checksum().toString('hex')}`],
      ['jsonb', metadata],
    ];
  }

  /** For `finish`, where the reservation is gone. */
  protected takenBack(): never {
    this.expired = true;
    throw new Error('the reservation was taken back');
  }

  protected async renew(): Promise<boolean> {
    return this.database.call<boolean>('renew_reservation', [
      ['uuid', this.plan.fileId],
      ['bigint', this.ttlMs],
    ]);
  }

  protected async abandon(): Promise<void> {
    const { fileId, storage, key } = this.plan;
    await this.database.call('abandon_upload', [
      ['uuid', fileId],
      ['text', storage],
      ['text', key],
    ]);
  }

  /** A stalled upload is not renewed: it lapses and ends, so that a client that went silent holds nothing for ever. */
  private renewWhileBytesFlow(): { stop(): void } {
    let sizeBefore = -1;
    let silentTurns = 0;
    const timer = setInterval(() => {
      if (this.meter.sizeBytes === sizeBefore) {
        silentTurns++;
        if (silentTurns === renewalsPerTtl) {
          this.expire();
        }
        return;
      }
      sizeBefore = this.meter.sizeBytes;
      silentTurns = 0;
      this.renew()
        .then((renewed) => {
          if (!renewed) {
            this.expire();
          }
        })
        // A database that is away for a moment is asked again at the next turn; finishing decides in the end.
        .catch(() => undefined);
    }, this.ttlMs / renewalsPerTtl);
    timer.unref();
    return { stop: () => clearInterval(timer) };
  }

  private expire(): void {
    this.expired = true;
    this.stop.abort();
  }

  private watch<Result>(by: 'content' | 'storage', promise: Promise<Result>): Promise<Result> {
    promise.catch((cause: unknown) => {
      this.failure ??= { by, cause };
      this.stop.abort();
      this.meter.destroy();
    });
    return promise;
  }

  private failIfAborted(): void {
    if (this.plan.signal?.aborted) {
      throw new Error('aborted');
    }
  }

  private explain(error: unknown): FileRegistryError {
    const context = { fileId: this.plan.fileId, storage: this.plan.storage, key: this.plan.key };
    const { noun, outcome, afterContentFailed } = this.words;
    if (this.plan.signal?.aborted) {
      return new UploadAbortedError(`The ${noun} was aborted by its signal. ${outcome}.`, {
        cause: this.plan.signal.reason,
        context,
      });
    }
    if (this.expired) {
      return new UploadExpiredError(
        `The ${noun} made no progress for ${this.ttlMs} ms and its key was taken back. ${outcome}; start again.`,
        { cause: error, context },
      );
    }
    if (error instanceof FileRegistryError) {
      return error;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (this.failure?.by === 'content') {
      return new UploadFailedError(
        `The content's stream failed after ${this.meter.sizeBytes} bytes: ${message}. ${outcome}; ${afterContentFailed}.`,
        { cause: error, context: { ...context, size: this.meter.sizeBytes } },
      );
    }
    return new StorageUnavailableError(
      `Storage '${this.plan.storage}' could not write ${this.plan.key}: ${message}. ${outcome}; try again.`,
      { cause: error, context },
    );
  }
}
