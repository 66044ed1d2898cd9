import type { Stamp } from './append-only-file.js';

/** `slot/fileId` of everything a record holds. */
export type Holding = readonly string[];

/** What a writer saw and was told, written down as it happened. */
export type JournalLine =
  | { readonly op: 'stored'; readonly fileId: string; readonly sha256: string }
  /** In a transaction that holds the record's row, before anything was changed. */
  | { readonly op: 'saw'; readonly owner: string; readonly holding: Holding }
  /** The last thing before COMMIT is sent. */
  | { readonly op: 'committing'; readonly transaction: string; readonly after: Record<string, Holding> }
  /** COMMIT was answered. Only a durable one must outlive a crash of the server. */
  | { readonly op: 'committed'; readonly transaction: string; readonly durable: boolean }
  | { readonly op: 'rolled-back' }
  /** A verb did something else than it promises. */
  | { readonly op: 'broken'; readonly problem: string }
  | { readonly op: 'error'; readonly message: string };

export type JournalEntry = JournalLine & Stamp;
