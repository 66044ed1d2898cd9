import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { ContentMismatchError } from '../errors/content-mismatch-error.js';
import { FileBusyError } from '../errors/file-busy-error.js';
import type { FileStorage, StorageWriteResult } from '../storage/storage.js';
import { askUntilFree, busyTriesMax } from './ask-until-free.js';
import { missingFileError, type MissingFiles } from './missing-file-error.js';
import type { PlannedUpload } from './plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';
import { Upload } from './upload.js';

/** What `move_file` answers. */
type MoveAnswer = 'moved' | 'busy' | 'changed' | 'expired';

/**
 * A copy of a file's bytes under a reserved key, which becomes the file's place in one statement at the end. A crash anywhere
 * before leaves the file where it is and a reservation that lapses; a crash after it, a file that has moved.
 */
export class Move extends Upload {
  protected override readonly words = {
    noun: 'move',
    outcome: 'The file is where it was',
    afterContentFailed: 'move it again',
  };

  constructor(
    private readonly file: StoredFile,
    plan: PlannedUpload,
    target: FileStorage,
    database: RegistryDatabase,
    ttlMs: number,
  ) {
    super(plan, target, database, ttlMs);
  }

  protected override async finish({ versionId }: StorageWriteResult): Promise<StoredFile> {
    this.compareContent();
    const answer = await askUntilFree({
      ask: () => this.tryToMove(versionId),
      isBusy: (said) => said === 'busy',
      renew: () => this.renew(),
      signal: this.plan.signal,
    });
    if (answer === 'expired') {
      return this.takenBack();
    }
    const [found] = await this.database.call<StoredFileJson[]>('find_files', [uuidArray([this.file.id])]);
    if (found === undefined) {
      throw missingFileError(
        await this.database.call<MissingFiles>('explain_missing', [uuidArray([this.file.id])]),
      );
    }
    if (answer === 'moved') {
      return toStoredFile(found);
    }
    if (found.storage === this.plan.storage) {
      // Another call brought it there first. Where giving up the copy fails, its reservation lapses.
      await this.abandon().catch(() => undefined);
      return toStoredFile(found);
    }
    throw new FileBusyError(
      answer === 'busy'
        ? `File ${this.file.id} was locked by a transaction for ${busyTriesMax} tries. It is where it was; move it again when that transaction has ended.`
        : `File ${this.file.id} was moved to storage '${found.storage}' by another call meanwhile. Move it again if it belongs elsewhere.`,
      { context: { fileId: this.file.id, storage: found.storage } },
    );
  }

  private compareContent(): void {
    const checksum = this.meter.checksum().toString('hex');
    if (this.meter.sizeBytes === this.file.size && (this.file.checksum ?? checksum) === checksum) {
      return;
    }
    const { id, storage, key, size } = this.file;
    throw new ContentMismatchError(
      `The bytes of file ${id} in storage '${storage}' are not those that were stored: ${this.meter.sizeBytes} bytes with SHA-256 ${checksum} instead of ${size} with ${this.file.checksum ?? 'an unknown one'}. The file is where it was; put its bytes back first.`,
      { context: { fileId: id, storage, key, size: this.meter.sizeBytes, checksum } },
    );
  }

  private tryToMove(versionId: string | undefined): Promise<MoveAnswer> {
    const { fileId, storage, key } = this.plan;
    return this.database.call<MoveAnswer>('move_file', [
      ['uuid', this.file.id],
      ['text', this.file.storage],
      ['text', this.file.key],
      ['uuid', fileId],
      ['text', storage],
      ['text', key],
      ['text', versionId ?? null],
    ]);
  }
}
