import type { StoredFile } from './stored-file.js';

/**
 * Where a file is in its life:
 * `held` somebody has a reference; `waiting` nobody has, and its period is not over; `due` the processor condemns it at its
 * next pass; `uploading` its key is reserved; `pending` its bytes are due to go; `deleting` a processor is at it; `stuck` its
 * deletion waits for `retryStuck()`; `gone` its bytes are deleted; `unknown` nothing is known of it, or its receipt is pruned.
 */
export type FileState =
  'held' | 'waiting' | 'due' | 'uploading' | 'pending' | 'deleting' | 'stuck' | 'gone' | 'unknown';

/** Why a file is still here, when it will go, or why it went. */
export interface FileExplanation {
  readonly fileId: string;
  readonly state: FileState;
  /** The same in a few sentences for people. */
  readonly text: string;
  /** Null unless it is still a file. */
  readonly file: StoredFile | null;
  readonly refCount: number;
  /** The first ten of its references. */
  readonly references: readonly ExplainedReference[];
  /** Its ten youngest intents, the one that governs first. */
  readonly intents: readonly ExplainedIntent[];
  readonly deletion: ExplainedDeletion | null;
}

export interface ExplainedReference {
  readonly type: string;
  readonly id: string;
  readonly slot: string;
  readonly attachedAt: Date;
}

export interface ExplainedIntent {
  readonly reason: string;
  readonly notedAt: Date;
  /** Null for a reason this version does not know: never due. */
  readonly dueAt: Date | null;
  /** The owner whose reference went; null where the file was stored or erased. */
  readonly owner: Pick<ExplainedReference, 'type' | 'id' | 'slot'> | null;
}

export interface ExplainedDeletion {
  readonly state: 'reserved' | 'abandoned' | 'condemned' | 'deleted';
  readonly storage: string;
  readonly key: string;
  readonly reason: string;
  readonly condemnedAt: Date;
  /** Null when stuck or deleted. */
  readonly nextAttemptAt: Date | null;
  readonly leased: boolean;
  readonly stuck: boolean;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly deletedAt: Date | null;
  /** Who held the file before, oldest first; ids are null once redacted. */
  readonly lastOwners: readonly {
    readonly type: string;
    readonly id: string | null;
    readonly slot: string;
    readonly detachedAt: string;
  }[];
}
