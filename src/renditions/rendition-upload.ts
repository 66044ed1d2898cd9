import type { Argument } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { FileBusyError } from '../errors/file-busy-error.js';
import { RenditionFailedError } from '../errors/rendition-failed-error.js';
import { askUntilFree, busyTriesMax } from '../registry/ask-until-free.js';
import { missingFileError, type MissingFiles } from '../registry/missing-file-error.js';
import type { PlannedUpload } from '../registry/plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from '../registry/stored-file.js';
import { Upload } from '../registry/upload.js';
import type { FileStorage, StorageWriteResult } from '../storage/storage.js';
import { renditionBusy, renditionLimit, type RenditionName } from './rendition-errors.js';

/** What an upload is to become. */
export interface RenditionTarget extends RenditionName {
  /** Of the lease it was made under; null where it is stored without one and takes the place of what is there. */
  readonly token: string | null;
}

/** What `finish_rendition` answers. */
type FinishAnswer =
  | { readonly rendition: StoredFileJson }
  | { readonly existing: StoredFileJson }
  | { readonly limit: 'depth' | 'count' }
  | { readonly busy: true }
  | { readonly lost: true }
  | { readonly expired: true }
  | MissingFiles;

/** An upload that becomes a file and the rendition of its original in one statement at the end. */
export class RenditionUpload extends Upload {
  protected override readonly words = {
    noun: 'rendition',
    outcome: 'Nothing was stored',
    afterContentFailed: 'make it again',
  };
  /** Another was there first, and is the answer. */
  existing = false;
  /** The lease is another's. */
  lost = false;

  constructor(
    private readonly target: RenditionTarget,
    plan: PlannedUpload,
    storage: FileStorage,
    database: RegistryDatabase,
    ttlMs: number,
  ) {
    super(plan, storage, database, ttlMs);
  }

  protected override async finish({ versionId }: StorageWriteResult): Promise<StoredFile> {
    if (this.target.token !== null && this.meter.sizeBytes === 0) {
      throw new RenditionFailedError(
        'The maker made content of no bytes. Make it answer with some, or throw.',
      );
    }
    const { originalId, slot, token } = this.target;
    const finishing: Argument[] = [
      ...this.finishArguments(versionId),
      ['uuid', originalId],
      ['text', slot],
      ['uuid', token],
      ['boolean', String(token === null)],
    ];
    const answer = await askUntilFree({
      ask: () => this.database.call<FinishAnswer>('finish_rendition', finishing),
      isBusy: (said) => 'busy' in said,
      renew: () => this.renew(),
      signal: this.plan.signal,
    });
    if ('rendition' in answer) {
      return toStoredFile(answer.rendition);
    }
    if ('existing' in answer) {
      this.existing = true;
      // Where giving it up fails, its reservation lapses.
      await this.abandon().catch(() => undefined);
      return toStoredFile(answer.existing);
    }
    if ('expired' in answer) {
      return this.takenBack();
    }
    if ('lost' in answer) {
      this.lost = true;
      throw renditionBusy(this.target, 'another call has taken over making it');
    }
    throw this.refusal(answer);
  }

  private refusal(answer: MissingFiles | { busy: true } | { limit: 'depth' | 'count' }): Error {
    if ('missing' in answer) {
      return missingFileError(answer);
    }
    if ('limit' in answer) {
      return renditionLimit(this.target, answer.limit);
    }
    const { originalId, slot } = this.target;
    return new FileBusyError(
      `File ${originalId} was locked by a transaction for ${busyTriesMax} tries. Rendition ${slot} was not stored; ask again when that transaction has ended.`,
      { context: { fileId: originalId, spec: slot } },
    );
  }
}
