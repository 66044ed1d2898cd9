import { join } from 'node:path';
import type { Script } from './script.js';

/** What a process needs to know to take part. */
export interface Arena {
  readonly connectionString: string;
  readonly folder: string;
  readonly seed: string;
  readonly script: Script;
}

/** The folders and files of a run. */
export function places(folder: string) {
  return {
    media: join(folder, 'media'),
    /** Bytes that a storage took and has not let appear yet. */
    limbo: join(folder, 'limbo'),
    ledger: join(folder, 'ledger.jsonl'),
    journal: join(folder, 'journal.jsonl'),
  };
}

/** Short, so that everything becomes due, lapses and is taken over within a run. */
export const periods = {
  gracePeriodMs: 250,
  unattachedTtlMs: 500,
  uploadTtlMs: 1500,
} as const;

export const leaseMs = 1500;
