import { type Argument, call, jsonArgument, uuidArray } from '../database/call.js';
import type { Executor } from '../database/executor.js';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';
import { type CheckedOwner, checkOwner, checkOwnerSelector } from './check-owner.js';
import { type FileArgument, toFileId, toFileIds } from './file-argument.js';
import { missingFileError, type MissingFiles } from './missing-file-error.js';
import type { Owner, OwnerSelector } from './owner.js';

export interface AttachResult {
  /** References that this call made; files the owner held already do not count. */
  readonly attached: number;
}

export interface DetachResult {
  /** References that this call dropped. */
  readonly detached: number;
}

export type ReplaceResult = AttachResult & DetachResult;

/** One reference for `attachMany`. */
export interface AttachPair {
  readonly file: FileArgument;
  readonly owner: Owner;
}

const pairsMax = 10_000;

/**
 * The verbs that belong into a transaction of the application. Everything they do commits and rolls back with it. Each is one
 * statement; after an error of the kinds `FILE_NOT_FOUND`, `FILE_CONDEMNED`, `INVALID_…` the transaction stays usable.
 *
 * Every verb may also throw `TransactionRequiredError` (the transaction has ended), `TransactionAbortedError` (it had failed
 * before), `TransactionConflictError` (run it again) and `DatabaseUnavailableError`.
 *
 * ```ts
 * await db.transaction().execute(async (trx) => {
 *   await files.in(trx).attach(photo, { type: 'article', id: 42, slot: 'cover' });
 * });
 * ```
 */
export class FileTransaction {
  /** @internal Made by `FileRegistry.in`. */
  constructor(
    private readonly executor: Executor,
    private readonly schema: string,
  ) {}

  /**
   * Gives the owner a reference to the file, or to all of the files. Attaching again changes nothing.
   *
   * @throws FileNotFoundError, FileCondemnedError: nothing was attached.
   */
  async attach(files: FileArgument | readonly FileArgument[], owner: Owner): Promise<AttachResult> {
    const ids = toFileIds(files);
    const checked = checkOwner(owner);
    return ids.length === 0
      ? { attached: 0 }
      : this.attaching('attach', [uuidArray(ids), ...ownerArguments(checked)]);
  }

  /**
   * Makes many references in one statement, all or none; at most 10,000.
   *
   * @throws FileNotFoundError, FileCondemnedError: nothing was attached.
   */
  async attachMany(pairs: readonly AttachPair[]): Promise<AttachResult> {
    if (!Array.isArray(pairs) || pairs.length > pairsMax) {
      throw new InvalidOwnerError(
        `attachMany takes a list of at most ${pairsMax} pairs { file, owner }. Make several calls.`,
      );
    }
    const rows = Array.from(pairs, (pair: AttachPair) => {
      if (typeof pair !== 'object' || pair === null) {
        throw new InvalidOwnerError(`attachMany takes pairs { file, owner }, received ${String(pair)}.`);
      }
      return { fileId: toFileId(pair.file), ...checkOwner(pair.owner) };
    });
    return rows.length === 0 ? { attached: 0 } : this.attaching('attach_many', [jsonArgument(rows)]);
  }

  /** Drops the owner's reference to the file or the files. Detaching what is not attached changes nothing. */
  async detach(files: FileArgument | readonly FileArgument[], owner: Owner): Promise<DetachResult> {
    const ids = toFileIds(files);
    const checked = checkOwner(owner);
    return ids.length === 0
      ? { detached: 0 }
      : this.call('detach', [uuidArray(ids), ...ownerArguments(checked)]);
  }

  /**
   * Drops every reference of a record, or of one of its slots. An `attach` to the same record in a transaction that runs at the
   * same moment is not seen: lock the record's row first where that can happen.
   */
  async detachAll(owner: OwnerSelector): Promise<DetachResult> {
    const { type, id, slot } = checkOwnerSelector(owner);
    return this.call('detach_all', [
      ['text', type],
      ['text', id],
      ['text', slot],
    ]);
  }

  /**
   * Makes the slot hold exactly these files; none empties it. What it holds already stays untouched, so replacing a file by
   * itself changes nothing. Replacements of one slot run one after the other.
   *
   * @throws FileNotFoundError, FileCondemnedError: the slot is as it was.
   */
  async replace(owner: Owner, files: FileArgument | readonly FileArgument[] | null): Promise<ReplaceResult> {
    const checked = checkOwner(owner);
    const ids = files === null ? [] : toFileIds(files);
    return this.attaching('replace', [...ownerArguments(checked), uuidArray(ids)]);
  }

  private async attaching<Result extends AttachResult>(
    verb: string,
    args: readonly Argument[],
  ): Promise<Result> {
    const answer = await this.call<Result | MissingFiles>(verb, args);
    if ('missing' in answer) {
      throw missingFileError(answer);
    }
    return answer;
  }

  private call<Result>(verb: string, args: readonly Argument[]): Promise<Result> {
    return call<Result>(this.executor, this.schema, verb, args);
  }
}

function ownerArguments({ type, id, slot }: CheckedOwner): Argument[] {
  return [
    ['text', type],
    ['text', id],
    ['text', slot],
  ];
}
