import { type Argument, call, jsonArgument, uuidArray } from '../database/call.js';
import type { Executor } from '../database/executor.js';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { type RenditionSelector, selectorArguments } from '../renditions/rendition-selector.js';
import { type CheckedOwner, checkOwner, checkOwnerSelector } from './check-owner.js';
import { type FileArgument, toFileId, toFileIds } from './file-argument.js';
import { missingFileError, type MissingFiles } from './missing-file-error.js';
import { checkHoldReason } from './check-hold-reason.js';
import { heldFileError } from './held-file-error.js';
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

export interface RestoreResult {
  /** References that this call put back. */
  readonly restored: number;
}

export interface EraseResult {
  /** What went: the files and every rendition of them. Keep it as the receipt. */
  readonly erased: readonly ErasedFile[];
}

export interface ErasedFile {
  readonly id: string;
  readonly storage: string;
  readonly key: string;
  readonly versionId: string | null;
  /** True for what was made from one of the files that were named. */
  readonly rendition: boolean;
}

export interface EraseOptions {
  /** Takes owners' ids and file names out of the receipts as well, though not out of the keys. Default: false. */
  readonly redact?: boolean | undefined;
}

export interface RedactResult {
  /** Rows about files that went in which something was taken out. */
  readonly redacted: number;
}

/** One reference for `attachMany`. */
export interface AttachPair {
  readonly file: FileArgument;
  readonly owner: Owner;
}

const pairsMax = 10_000;
const ownersMax = 10_000;

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
   * Drops every reference of a record, or of one of its slots; of many records in one statement, at most 10,000. An `attach` to
   * the same record in a transaction that runs at the same moment is not seen: lock the record's row first where that can happen.
   */
  async detachAll(owners: OwnerSelector | readonly OwnerSelector[]): Promise<DetachResult> {
    if (Array.isArray(owners)) {
      return this.detachAllMany(owners as readonly OwnerSelector[]);
    }
    const { type, id, slot } = checkOwnerSelector(owners as OwnerSelector);
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

  /**
   * Undoes detaching: puts back every reference that the files' pending intents remember, or those of one record or slot. An
   * intent is remembered for the grace period at least; then the file is condemned, or, where somebody else holds it, the
   * intent is dropped. Protection, holds and renditions whose original went are not put back. Restoring what was never
   * detached changes nothing; of a record's files, those that are condemned already stay away.
   *
   * @throws FileNotFoundError, FileCondemnedError where files are named: nothing was restored.
   */
  async restore(what: FileArgument | readonly FileArgument[] | OwnerSelector): Promise<RestoreResult> {
    if (isOwnerSelector(what)) {
      const { type, id, slot } = checkOwnerSelector(what);
      return this.call('restore', [
        ['uuid[]', null],
        ['text', type],
        ['text', id],
        ['text', slot],
      ]);
    }
    return this.attaching('restore', [
      uuidArray(toFileIds(what)),
      ['text', null],
      ['text', null],
      ['text', null],
    ]);
  }

  /**
   * Keeps files whoever detaches them, such as the default image of a field. Protecting again changes nothing.
   *
   * @throws FileNotFoundError, FileCondemnedError: nothing was protected.
   */
  async protect(files: FileArgument | readonly FileArgument[]): Promise<AttachResult> {
    return this.attaching('protect', [uuidArray(toFileIds(files))]);
  }

  /** Ends the protection. A file that nobody else holds goes after its grace period. */
  async unprotect(files: FileArgument | readonly FileArgument[]): Promise<DetachResult> {
    return this.call('unprotect', [uuidArray(toFileIds(files))]);
  }

  /**
   * Holds files for a reason of 1 to 255 bytes, such as a legal matter: they stay, and cannot be erased. Each reason is a hold of
   * its own; holding again for the same one changes nothing.
   *
   * @throws InvalidHoldReasonError, FileNotFoundError, FileCondemnedError: nothing was held.
   */
  async hold(files: FileArgument | readonly FileArgument[], reason: string): Promise<AttachResult> {
    return this.attaching('hold', [uuidArray(toFileIds(files)), ['text', checkHoldReason(reason)]]);
  }

  /** Releases the hold of this reason, or every hold where none is named. Releasing what is not held changes nothing. */
  async release(files: FileArgument | readonly FileArgument[], reason?: string): Promise<DetachResult> {
    const checked = reason === undefined ? null : checkHoldReason(reason);
    return this.call('release', [uuidArray(toFileIds(files)), ['text', checked]]);
  }

  /**
   * Erases files: drops every reference, protection included, and the rows, and the same for everything made from them. The bytes
   * go after the commit, without a grace period. Waits for transactions that are attaching them. Erasing what is condemned or
   * gone already changes nothing.
   *
   * @throws FileNotFoundError for an id that never was; FileHeldError while a hold is on one of the files or renditions. Nothing
   *   was erased.
   */
  async erase(
    files: FileArgument | readonly FileArgument[],
    options: EraseOptions = {},
  ): Promise<EraseResult> {
    refuseUnknownOptions(options, { redact: true });
    const answer = await this.attaching<EraseResult | { readonly held: readonly string[] }>('erase', [
      uuidArray(toFileIds(files)),
      ['boolean', String(options.redact === true)],
    ]);
    if ('held' in answer) {
      throw heldFileError(answer.held);
    }
    return answer;
  }

  /**
   * Lets originals go of their renditions, all or those that are selected, as `detach` would: each goes after its grace period unless
   * something else holds it. Where there is none nothing is changed.
   *
   * ```ts
   * await files.in(trx).deleteRenditions(photo, { part: { size: 'crop-400x400' } });
   * ```
   *
   * @throws InvalidRenditionSpecError
   */
  async deleteRenditions(
    originals: FileArgument | readonly FileArgument[],
    selector: RenditionSelector = 'all',
  ): Promise<DetachResult> {
    return this.call('detach_renditions', [uuidArray(toFileIds(originals)), ...selectorArguments(selector)]);
  }

  /**
   * Takes owners' ids and file names out of what is known of files that went; answers how many rows changed. Their keys stay,
   * although a key has the file's name in it: it is what proves which bytes went. Files that are still there are not changed.
   */
  async redact(files: FileArgument | readonly FileArgument[]): Promise<RedactResult> {
    return this.call('redact', [uuidArray(toFileIds(files))]);
  }

  private async detachAllMany(owners: readonly OwnerSelector[]): Promise<DetachResult> {
    if (owners.length > ownersMax) {
      throw new InvalidOwnerError(
        `detachAll takes at most ${ownersMax} owners, received ${owners.length}. Make several calls.`,
      );
    }
    const rows = Array.from(owners, checkOwnerSelector);
    return rows.length === 0 ? { detached: 0 } : this.call('detach_all_many', [jsonArgument(rows)]);
  }

  private async attaching<Result extends object>(verb: string, args: readonly Argument[]): Promise<Result> {
    const answer = await this.call<Result | MissingFiles>(verb, args);
    if ('missing' in answer) {
      throw missingFileError(answer);
    }
    return answer;
  }

  /** @throws InvalidOwnerError where the slot follows a guarded column; the transaction stays usable. */
  private async call<Result>(verb: string, args: readonly Argument[]): Promise<Result> {
    const answer = await call<Result | { readonly guarded: string }>(this.executor, this.schema, verb, args);
    if (typeof answer === 'object' && answer !== null && 'guarded' in answer) {
      throw new InvalidOwnerError(
        `The ${answer.guarded}. Write the column instead, the registry attaches and detaches with it. Nothing was changed.`,
        { context: { verb, guarded: answer.guarded } },
      );
    }
    return answer;
  }
}

function ownerArguments({ type, id, slot }: CheckedOwner): Argument[] {
  return [
    ['text', type],
    ['text', id],
    ['text', slot],
  ];
}

/** A record is told from a file by its type; both have an id. */
function isOwnerSelector(value: unknown): value is OwnerSelector {
  return typeof value === 'object' && value !== null && 'type' in value;
}
