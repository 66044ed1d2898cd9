import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { jsonArgument, uuidArray } from '../database/call.js';
import { RegistryDatabase } from '../database/registry-database.js';
import { type ApplicationTransaction, transactionExecutor } from '../database/transaction-executor.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { StorageRefusedError } from '../errors/storage-refused-error.js';
import { TransactionRequiredError } from '../errors/transaction-required-error.js';
import { RESOLVED_OPTIONS } from '../options/options-token.js';
import { intentPolicies } from '../options/intent-policies.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { RenditionVerbs } from '../renditions/rendition-verbs.js';
import { adoptObject } from './adoption.js';
import type { AdoptOptions } from './adopt-options.js';
import { ambientTransaction, refuseInsideTransaction, unusableTransaction } from './ambient-transaction.js';
import type { AttachedFile, AttachedFileJson } from './attached-file.js';
import { checkOwnerSelector, checkReferenceOwner } from './check-owner.js';
import { checkRange } from './check-range.js';
import { type FileContent, toReadable } from './content.js';
import { confirmUpload, reserveUpload } from './direct-upload.js';
import type { DiscardResult } from './discard-result.js';
import type { ConfirmUploadOptions, ReservedUpload, ReserveUploadOptions } from './direct-upload-options.js';
import { explainFile, type FileFacts } from './explain-file.js';
import { type FileArgument, toFileId, toFileIds } from './file-argument.js';
import type { FileExplanation } from './file-explanation.js';
import type { FileReference, ReferencesOptions } from './file-reference.js';
import { FileTransaction } from './file-transaction.js';
import { findOrThrow } from './find-or-throw.js';
import { LengthGuard } from './length-guard.js';
import { moveFile } from './move-file.js';
import type { MoveOptions } from './move-options.js';
import { openFile } from './open-file.js';
import type { OwnerSelector } from './owner.js';
import { checkSignal, planUpload } from './plan-upload.js';
import type { ReadOptions } from './read-options.js';
import { type StoreOptions, storeOptionNames } from './store-options.js';
import { type StoredFile, type StoredFileJson, toStoredFile } from './stored-file.js';
import { Upload } from './upload.js';
import { checkUrlOptions, storageUrlOptions, type UrlOptions } from './url-options.js';

const ownersMax = 10_000;
const referencesDefault = 1000;
const referencesMax = 10_000;

/**
 * What applications call. `in(transaction)` gives the verbs that commit and roll back with the application's rows; the same verbs
 * on the registry itself find that transaction through the option `transaction`. Everything else runs on the registry's own
 * connections.
 */
@Injectable()
export class FileRegistry extends RenditionVerbs {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(RegistryDatabase) private readonly database: RegistryDatabase,
  ) {
    super(options, database);
  }

  /**
   * The verbs of one transaction: a Kysely `Transaction`, a pg client on which BEGIN was sent, or the transaction of another
   * library in its adapter. Sends nothing.
   *
   * @throws TransactionRequiredError for a pool, a plain Kysely instance and everything else that is no transaction.
   */
  in(transaction: ApplicationTransaction): FileTransaction {
    return new FileTransaction(transactionExecutor(transaction), this.options.schema);
  }

  protected override ambient(): FileTransaction {
    const transaction = ambientTransaction(this.options.transaction) as ApplicationTransaction;
    try {
      return this.in(transaction);
    } catch (error) {
      throw error instanceof TransactionRequiredError ? unusableTransaction(error) : error;
    }
  }

  /**
   * Stores content as a new file, streaming. Never call it inside a transaction of the application: it holds rows locked while
   * bytes flow. Where the option `transaction` tells that one is active, it is refused. The file waits for its first `attach`
   * for `unattachedTtlMs`, then it goes by itself; so does everything of an upload that failed.
   *
   * ```ts
   * const photo = await files.store(request.file, { filename: 'photo.jpg', contentType: 'image/jpeg' });
   * ```
   *
   * @throws InvalidContentError, InvalidFilenameError, InvalidMetadataError, ContentTypeNotAllowedError, UnknownStorageError,
   *   TransactionActiveError before anything is written; ContentTooLargeError, UploadFailedError, UploadAbortedError,
   *   UploadExpiredError, StorageUnavailableError, StorageRefusedError, DatabaseUnavailableError with nothing stored. The
   *   content's stream is destroyed then.
   */
  async store(content: FileContent, options: StoreOptions = {}): Promise<StoredFile> {
    const readable = toReadable(content);
    try {
      refuseInsideTransaction('store', this.options.transaction);
      refuseUnknownOptions(options, storeOptionNames);
      const plan = planUpload(options, this.options);
      const storage = this.options.storages.get(plan.storage);
      return await new Upload(plan, storage, this.database, this.options.uploadTtlMs).run(readable);
    } catch (error) {
      readable.destroy();
      throw error;
    }
  }

  /**
   * Lets files go now that were stored and never attached, instead of after `unattachedTtlMs`: an upload whose form was refused, or
   * whose transaction was rolled back. A file that anybody attached, is attaching or ever detached stays as it is, so it is safe
   * where nobody knows whether a transaction was committed. Idempotent; the bytes go at the processor's next pass. On a connection
   * of the registry's own, not in the application's transaction.
   *
   * @throws InvalidFileIdError, DatabaseUnavailableError
   */
  async discard(files: FileArgument | readonly FileArgument[]): Promise<DiscardResult> {
    return this.database.call<DiscardResult>('discard', [uuidArray(toFileIds(files))]);
  }

  /**
   * Makes a file of an object that lies in storage already, without moving it. Reads it once for its size and SHA-256. Like a
   * stored file it waits for its first `attach` for `unattachedTtlMs`, then it goes, bytes included. Not inside a transaction,
   * as with `store`.
   *
   * @throws InvalidKeyError, also for the temporary file of an upload, UnknownStorageError, ContentTypeNotAllowedError,
   *   InvalidMetadataError, InvalidOptionError, BytesMissingError where nothing is there, UploadAbortedError,
   *   TransactionActiveError, KeyBusyError where the key is a file's or its deletion is not over.
   */
  async adopt(key: string, options: AdoptOptions = {}): Promise<StoredFile> {
    refuseInsideTransaction('adopt', this.options.transaction);
    return adoptObject(key, options, this.options, this.database);
  }

  /**
   * Moves a file's bytes to another storage, streaming. Its id, references and metadata stay; `storage`, `key` and `versionId`
   * change in one statement, and the bytes it leaves go like every deletion, `deletionDelayMs` respected. The content is compared
   * with the file's checksum on the way. Its renditions stay where they are. Idempotent, and safe against crashes: until the end
   * the file is where it was. Not inside a transaction, as with `store`.
   *
   * ```ts
   * await files.move(photo, 'archive');
   * ```
   *
   * @throws FileNotFoundError, FileCondemnedError, InvalidOptionError, UnknownStorageError, TransactionActiveError before anything is
   *   written;
   *   ContentMismatchError, BytesMissingError, FileBusyError, UploadAbortedError, UploadExpiredError, StorageUnavailableError,
   *   StorageRefusedError, DatabaseUnavailableError with the file where it was.
   */
  async move(file: FileArgument, storage: string, options: MoveOptions = {}): Promise<StoredFile> {
    refuseInsideTransaction('move', this.options.transaction);
    return moveFile(() => this.findOrThrow(file), storage, options, this.options, this.database);
  }

  /**
   * Lets a client upload a file by itself: reserves a key, and signs what the client needs to write it. `confirmUpload` makes it a
   * file; without that it goes like every abandoned upload. Not inside a transaction, as with `store`.
   *
   * Whoever holds the URL may write the key again until it expires, also after it was confirmed: keep `expiresInMs` short. A bucket
   * that keeps versions pins the one that was confirmed.
   *
   * ```ts
   * const upload = await files.reserveUpload({ filename: 'film.mp4', contentType: 'video/mp4', maxSizeBytes: 2 ** 30 });
   * ```
   *
   * @throws InvalidFilenameError, ContentTypeNotAllowedError, InvalidOptionError, UnknownStorageError, TransactionActiveError,
   *   StorageRefusedError where the storage takes no uploads from clients, DatabaseUnavailableError.
   */
  async reserveUpload(options: ReserveUploadOptions = {}): Promise<ReservedUpload> {
    refuseInsideTransaction('reserveUpload', this.options.transaction);
    return reserveUpload(options, this.options, this.database);
  }

  /**
   * Makes a file of what a client has uploaded. Looks at the object in the storage: its size and type must be what was reserved,
   * else it is given up. Idempotent. The id is all the client needs to name, so let each confirm only its own. The checksum is null.
   *
   * @throws UploadIncompleteError where nothing was uploaded yet, and the reservation stays; ContentTooLargeError,
   *   ContentTypeNotAllowedError, and it is given up; UploadExpiredError, FileNotFoundError, FileCondemnedError,
   *   InvalidFileIdError, InvalidMetadataError, TransactionActiveError, StorageUnavailableError, DatabaseUnavailableError.
   */
  async confirmUpload(file: FileArgument, options: ConfirmUploadOptions = {}): Promise<StoredFile> {
    refuseInsideTransaction('confirmUpload', this.options.transaction);
    return confirmUpload(toFileId(file), options, this.options, this.database);
  }

  /** One file, or null where there is none or none any more. */
  async find(file: FileArgument): Promise<StoredFile | null>;
  /** Many files in one round trip, in the order asked for, with null for each that is not there. */
  async find(files: readonly FileArgument[]): Promise<(StoredFile | null)[]>;
  async find(
    files: FileArgument | readonly FileArgument[],
  ): Promise<StoredFile | null | (StoredFile | null)[]> {
    const ids = toFileIds(files);
    const found = await this.database.call<StoredFileJson[]>('find_files', [uuidArray(ids)]);
    const byId = new Map(found.map((json) => [json.id, toStoredFile(json)]));
    const inOrder = ids.map((id) => byId.get(id) ?? null);
    return Array.isArray(files) ? inOrder : (inOrder[0] ?? null);
  }

  /** The files a record holds, or one of its slots, by slot and then by when they were attached. */
  async filesOf(owner: OwnerSelector): Promise<AttachedFile[]>;
  /** The same for many records in one round trip: one list for each, in the order asked for. At most 10,000. */
  async filesOf(owners: readonly OwnerSelector[]): Promise<AttachedFile[][]>;
  async filesOf(
    owners: OwnerSelector | readonly OwnerSelector[],
  ): Promise<AttachedFile[] | AttachedFile[][]> {
    const many = Array.isArray(owners);
    const selectors = (many ? (owners as readonly OwnerSelector[]) : [owners as OwnerSelector]).map(
      checkOwnerSelector,
    );
    requireLimit('owners', selectors.length, 0, ownersMax);
    const rows = await this.database.call<AttachedFileJson[]>('files_of', [jsonArgument(selectors)]);
    const lists: AttachedFile[][] = selectors.map(() => []);
    for (const { owner, slot, attachedAt, file } of rows) {
      lists[owner]?.push({ ...toStoredFile(file), slot, attachedAt: new Date(attachedAt) });
    }
    return many ? lists : (lists[0] ?? []);
  }

  /** Who holds a file, a page at a time. */
  async references(file: FileArgument, options: ReferencesOptions = {}): Promise<FileReference[]> {
    refuseUnknownOptions(options, { after: true, limit: true });
    const { limit = referencesDefault } = options;
    requireLimit('limit', limit, 1, referencesMax);
    const after = options.after === undefined ? undefined : checkReferenceOwner(options.after);
    const rows = await this.database.call<(Omit<FileReference, 'attachedAt'> & { attachedAt: string })[]>(
      'references_of',
      [
        ['uuid', toFileId(file)],
        ['text', after?.type ?? null],
        ['text', after?.id ?? null],
        ['text', after?.slot ?? null],
        ['integer', limit],
      ],
    );
    return rows.map((row) => ({ ...row, attachedAt: new Date(row.attachedAt) }));
  }

  /** How many references a file has; 0 also where there is no such file. */
  async count(file: FileArgument): Promise<number>;
  /** The same for many files in one round trip, in the order asked for. */
  async count(files: readonly FileArgument[]): Promise<number[]>;
  async count(files: FileArgument | readonly FileArgument[]): Promise<number | number[]> {
    const ids = toFileIds(files);
    const counts = await this.database.call<Record<string, number>>('count_references', [uuidArray(ids)]);
    const inOrder = ids.map((id) => counts[id] ?? 0);
    return Array.isArray(files) ? inOrder : (inOrder[0] ?? 0);
  }

  /**
   * Opens a file for reading, or a range of its bytes. The stream fails with ContentMismatchError where the storage gives more or
   * fewer bytes than the file has; what completes their number comes once that is known.
   *
   * @throws FileNotFoundError, FileCondemnedError, InvalidRangeError, InvalidOptionError, UnknownStorageError,
   *   BytesMissingError, StorageUnavailableError, StorageRefusedError
   */
  async read(file: FileArgument, options: ReadOptions = {}): Promise<Readable> {
    refuseUnknownOptions(options, { start: true, end: true, signal: true });
    const signal = checkSignal(options.signal);
    let found = await this.findOrThrow(file);
    const range = checkRange(options, found.size);
    const part = { ...range, signal };
    const findAgain = async () => (found = await this.findOrThrow(file));
    return new LengthGuard(await openFile(found, this.options.storages, part, findAgain), found, range);
  }

  /**
   * A URL under which anybody can read a file for a while, without the application. It ends with the bytes: when the file goes or
   * moves.
   *
   * ```ts
   * const url = await files.url(photo, { expiresInMs: 60_000, download: true });
   * ```
   *
   * @throws FileNotFoundError, FileCondemnedError, InvalidOptionError, UnknownStorageError, StorageRefusedError where the storage
   *   has no URLs.
   */
  async url(file: FileArgument, options: UrlOptions = {}): Promise<string> {
    const checked = checkUrlOptions(options);
    const found = await this.findOrThrow(file);
    const storage = this.options.storages.get(found.storage);
    if (storage.url === undefined) {
      throw new StorageRefusedError(
        `Storage '${found.storage}' has no URLs. Answer with the stream of read(), or move the file to a storage that has, such as s3Storage.`,
        { context: { fileId: found.id, storage: found.storage } },
      );
    }
    const object = { key: found.key, versionId: found.versionId ?? undefined };
    return storage.url(object, storageUrlOptions(found, checked));
  }

  /** Says why a file is still here, when it will go, or why it went; structured, and as text for people. */
  async explain(file: FileArgument): Promise<FileExplanation> {
    const id = toFileId(file);
    const policies = jsonArgument(intentPolicies(this.options));
    const facts = await this.database.call<FileFacts>('facts_of', [['uuid', id], policies]);
    return explainFile(id, facts, this.options.processor.deletionDelayMs);
  }

  private findOrThrow(file: FileArgument): Promise<StoredFile> {
    return findOrThrow(file, this.database);
  }
}

function requireLimit(option: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidOptionError(
      `${option}: expected ${min} to ${max}, received ${String(value)}. Ask in several calls.`,
      {
        context: { option, value },
      },
    );
  }
}
