import type { ApplicationTransaction } from 'nestjs-file-registry';

/** A library as the contract uses it; `Tx` is its own transaction. */
export interface Host<Tx> {
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** A savepoint, as the library makes them. */
  nested<Result>(tx: Tx, work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** A transaction that is ended by hand, where the library has them. */
  begin?(): Promise<{ tx: Tx; commit(): Promise<unknown>; rollback(): Promise<unknown> }>;
  /** One statement without parameters in the transaction. */
  run(tx: Tx, statement: string): Promise<unknown>;
  /** What is passed to `files.in()`. */
  adapt(tx: Tx): ApplicationTransaction;
  /** What must be refused because it is no transaction, by name, with what the message says to pass. */
  readonly refused: readonly (readonly [name: string, attempt: () => unknown, hint: RegExp])[];
  close(): Promise<unknown>;
}

/** A library, in one of its configurations. */
export interface Subject<Tx> {
  readonly name: string;
  open(url: string, connections: number): Promise<Host<Tx>>;
  /** False where a handle is the connection itself, which goes from one transaction into the next. */
  readonly handleIsOneTransaction?: boolean;
}
