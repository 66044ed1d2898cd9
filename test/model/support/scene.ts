import type { Client } from 'pg';
import type { Bytes } from './bytes.js';
import { Model } from './model.js';
import type { ModelTransaction } from './model-transaction.js';
import type { World } from './world.js';

export interface Session {
  readonly client: Client;
  transaction: ModelTransaction | undefined;
}

/** What all parts of a program share. */
export class Scene {
  readonly model = new Model();
  readonly sessions: readonly Session[];
  /** Keys of uploads that wrote after their key was taken back and said so, which ends every lease on it. */
  readonly wroteLate = new Set<string>();
  /** Every file there ever was, oldest first. */
  private readonly shelf: string[] = [];

  constructor(
    readonly world: World,
    readonly bytes: Bytes,
  ) {
    this.sessions = world.sessions.map((client) => ({ client, transaction: undefined }));
  }

  get openTransactions(): ModelTransaction[] {
    return this.sessions.flatMap(({ transaction }) => transaction ?? []);
  }

  begin(file: { readonly id: string }): void {
    this.shelf.push(file.id);
    this.model.begin(file.id);
  }

  /** One of the last eight files, gone ones included. */
  readonly named = (number: number): string =>
    this.shelf.at(-1 - (number % Math.min(8, this.shelf.length))) ?? '';
}
