import { inspect } from 'node:util';
import { storableText } from '../outbox/storable-text.js';
import type { FileDeletion } from './file-deletion.js';
import type { ResolvedFileHookOptions } from './file-hook-options.js';

export type FileHookKind = 'before' | 'after' | 'failed';

/** What a hook is told beside the deletions. */
export interface FileHookContext {
  /** Fires when nobody waits for the call any longer: its time is over, or another process has taken the deletions over. */
  readonly signal: AbortSignal;
}

/** One marked method of one instance. */
export class FileHook {
  constructor(
    /** For messages: `Cdn.purge`. */
    readonly name: string,
    readonly options: ResolvedFileHookOptions,
    private readonly method: (deletions: readonly FileDeletion[], context: FileHookContext) => unknown,
  ) {}

  accepts({ lastOwners }: FileDeletion): boolean {
    const { only, ignore } = this.options;
    return (
      (only === null || lastOwners.some(({ type }) => only.has(type))) &&
      (lastOwners.length === 0 || !lastOwners.every(({ type }) => ignore.has(type)))
    );
  }

  /** Never rejects: answers what went wrong, or undefined. A call that takes too long is left alone. */
  async call(
    deletions: readonly FileDeletion[],
    lease: { readonly signal: AbortSignal; readonly lapsed: Promise<'lapsed'> },
  ): Promise<string | undefined> {
    const late = new AbortController();
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new Error(`it took longer than ${this.options.timeoutMs} ms`));
      late.abort();
    }, this.options.timeoutMs);
    const leaseOver = lease.lapsed.then(() => {
      throw new Error('it took longer than the lease of the deletions');
    });
    const signal = AbortSignal.any([late.signal, lease.signal]);
    try {
      await Promise.race([this.begin(deletions, signal), tooLate, leaseOver]);
      return undefined;
    } catch (error) {
      return messageOf(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** In a promise also what the method throws at once. */
  private async begin(deletions: readonly FileDeletion[], signal: AbortSignal): Promise<void> {
    await this.method(Object.freeze([...deletions]), { signal });
  }
}

/** Anything may be thrown, also what cannot be written down. */
function messageOf(error: unknown): string {
  try {
    if (error instanceof Error) {
      return storableText(error.message) || error.name;
    }
    return storableText(typeof error === 'string' ? error : `it threw ${inspect(error, { depth: 1 })}`);
  } catch {
    return 'it threw what cannot be shown';
  }
}
