import type { Stamp } from './append-only-file.js';

/** One byte operation, written down before it is begun or after it has ended. */
export type LedgerLine =
  /** `landing` and `landed` stand before and after the moment at which the bytes appear. */
  | { readonly op: 'write-started' | 'write-landing' | 'write-landed' | 'write-failed'; readonly key: string }
  /** Each call of `delete` has a name of its own; `removed` and `absent` are what the file system answered. */
  | {
      readonly op: 'delete-started' | 'delete-removed' | 'delete-absent' | 'delete-refused';
      readonly key: string;
      readonly call: string;
      readonly abandoned: boolean;
    };

export type LedgerEntry = LedgerLine & Stamp;
