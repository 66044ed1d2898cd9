import type { ClientBase } from 'pg';
import type { BenchDatabase } from '../support/bench-server.js';
import type { MadeFile } from '../support/make-files.js';

/** Whether bytes are deleted when all rows are gone, or while they go. */
export type Mode = 'afterwards' | 'alongside';

export interface DeletedOwner {
  readonly id: string;
  readonly key: string;
}

export interface DrainStage {
  readonly database: BenchDatabase;
  readonly root: string;
  readonly files: readonly MadeFile[];
  readonly mode: Mode;
}

/** One way from deleted rows to deleted bytes. */
export interface DrainSystem {
  readonly name: string;
  readonly registry: boolean;
  readonly modes: readonly Mode[];
  open(stage: DrainStage): Promise<OpenDrain>;
}

export interface OpenDrain extends AsyncDisposable {
  /** Inside the application's transaction, after its own statement. */
  inTransaction?(client: ClientBase, owners: readonly DeletedOwner[]): Promise<void>;
  /** After the commit, before the next transaction begins. */
  afterCommit?(owners: readonly DeletedOwner[]): Promise<void>;
  /** Begins to delete bytes, while the transactions run. */
  start?(): Promise<void>;
  /** Resolves when every byte is gone; all rows are gone when it is called. */
  finish(): Promise<void>;
}
