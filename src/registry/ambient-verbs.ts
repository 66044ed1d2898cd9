import type { RenditionSelector } from '../renditions/rendition-selector.js';
import type { FileArgument } from './file-argument.js';
import type {
  AttachPair,
  AttachResult,
  DetachResult,
  EraseOptions,
  EraseResult,
  FileTransaction,
  RedactResult,
  ReplaceResult,
  RestoreResult,
} from './file-transaction.js';
import type { Owner, OwnerSelector } from './owner.js';

type Verbs = { readonly [Verb in keyof FileTransaction]: FileTransaction[Verb] };

/**
 * Every verb of `FileTransaction`, in the transaction that is active where it is called. The transaction is looked up before the
 * first await, so a verb belongs to the transaction it was called in, also where nobody awaits it at once.
 */
export abstract class AmbientVerbs implements Verbs {
  /** @throws TransactionRequiredError where none is active. */
  protected abstract ambient(): FileTransaction;

  /** `FileTransaction.attach` in the ambient transaction: gives the owner references to files. Idempotent. */
  async attach(files: FileArgument | readonly FileArgument[], owner: Owner): Promise<AttachResult> {
    return this.ambient().attach(files, owner);
  }

  /** `FileTransaction.attachMany` in the ambient transaction: many references, all or none. Idempotent. */
  async attachMany(pairs: readonly AttachPair[]): Promise<AttachResult> {
    return this.ambient().attachMany(pairs);
  }

  /** `FileTransaction.detach` in the ambient transaction: drops the owner's references to files. Idempotent. */
  async detach(files: FileArgument | readonly FileArgument[], owner: Owner): Promise<DetachResult> {
    return this.ambient().detach(files, owner);
  }

  /** `FileTransaction.detachAll` in the ambient transaction: drops every reference of records, or of one of their slots. */
  async detachAll(owners: OwnerSelector | readonly OwnerSelector[]): Promise<DetachResult> {
    return this.ambient().detachAll(owners);
  }

  /** `FileTransaction.replace` in the ambient transaction: makes the slot hold exactly these files. Idempotent. */
  async replace(owner: Owner, files: FileArgument | readonly FileArgument[] | null): Promise<ReplaceResult> {
    return this.ambient().replace(owner, files);
  }

  /** `FileTransaction.restore` in the ambient transaction: undoes detaching until a file is condemned. */
  async restore(what: FileArgument | readonly FileArgument[] | OwnerSelector): Promise<RestoreResult> {
    return this.ambient().restore(what);
  }

  /** `FileTransaction.protect` in the ambient transaction: keeps files whoever detaches them. Idempotent. */
  async protect(files: FileArgument | readonly FileArgument[]): Promise<AttachResult> {
    return this.ambient().protect(files);
  }

  /** `FileTransaction.unprotect` in the ambient transaction: ends the protection. Idempotent. */
  async unprotect(files: FileArgument | readonly FileArgument[]): Promise<DetachResult> {
    return this.ambient().unprotect(files);
  }

  /** `FileTransaction.hold` in the ambient transaction: keeps files for a reason, also from being erased. Idempotent. */
  async hold(files: FileArgument | readonly FileArgument[], reason: string): Promise<AttachResult> {
    return this.ambient().hold(files, reason);
  }

  /** `FileTransaction.release` in the ambient transaction: ends the hold of this reason, or every hold. Idempotent. */
  async release(files: FileArgument | readonly FileArgument[], reason?: string): Promise<DetachResult> {
    return this.ambient().release(files, reason);
  }

  /** `FileTransaction.erase` in the ambient transaction: drops references, files and renditions; their bytes go after the commit. */
  async erase(files: FileArgument | readonly FileArgument[], options?: EraseOptions): Promise<EraseResult> {
    return this.ambient().erase(files, options);
  }

  /** `FileTransaction.deleteRenditions` in the ambient transaction: originals let go of their renditions. Idempotent. */
  async deleteRenditions(
    originals: FileArgument | readonly FileArgument[],
    selector?: RenditionSelector,
  ): Promise<DetachResult> {
    return this.ambient().deleteRenditions(originals, selector);
  }

  /** `FileTransaction.redact` in the ambient transaction: takes owners and file names out of receipts. Idempotent. */
  async redact(files: FileArgument | readonly FileArgument[]): Promise<RedactResult> {
    return this.ambient().redact(files);
  }
}
