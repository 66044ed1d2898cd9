import { setTimeout as pause } from 'node:timers/promises';
import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { ContentMismatchError } from '../errors/content-mismatch-error.js';
import { DatabaseUnavailableError } from '../errors/database-unavailable-error.js';
import { FileBusyError } from '../errors/file-busy-error.js';
import type { FileStorage, StorageWriteResult } from '../storage/storage.js';
import { missingFileError, type MissingFiles } from './missing-file-error.js';
import type { PlannedUpload } from './plan-upload.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';
import { Upload } from './upload.js';

/** Tries while a transaction of the application holds the file, with pauses that double: 1.6 seconds in all. */
const triesMax = 6;
const firstPauseMs = 50;

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
    const answer = await this.moveWhenFree(versionId);
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
        ? `File ${this.file.id} was locked by a transaction for ${triesMax} tries. It is where it was; move it again when that transaction has ended.`
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

  /** An answer that was lost is asked for again, like one that says busy: moving there again answers the same. */
  private async moveWhenFree(versionId: string | undefined): Promise<MoveAnswer> {
    let mayHaveMoved = false;
    for (let tries = 1; ; tries++) {
      const answer = await this.tryToMove(versionId).catch((error: unknown) => {
        if (error instanceof DatabaseUnavailableError && tries < triesMax) {
          return 'lost' as const;
        }
        throw error;
      });
      if (answer !== 'lost' && (answer !== 'busy' || tries === triesMax)) {
        return answer;
      }
      mayHaveMoved ||= answer === 'lost';
      // An abort says that the file is where it was, so it waits until that is known.
      const signal = mayHaveMoved ? undefined : this.plan.signal;
      await pause(firstPauseMs * 2 ** (tries - 1), undefined, { signal });
      // Where it fails, moving says why.
      await this.renew().catch(() => undefined);
    }
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
