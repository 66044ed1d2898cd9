/** Runs one statement on somebody's connection: the registry's own, or the one the application's transaction is on. */
export interface Executor {
  query(text: string, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]>;
}

/** Text and null are what every driver and ORM passes through unchanged; the statements cast them. */
export type SqlParameter = string | null;

export type SqlRow = Readonly<Record<string, unknown>>;
