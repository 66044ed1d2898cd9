import type { TestDatabase } from '../../support/test-database.js';

export interface Tables {
  article: { slot: string };
}

/** The root's Kysely: another library may have brought a second copy here, whose types would not fit. */
export type Database = ReturnType<typeof TestDatabase.prototype.kysely<Tables>>;

export type DatabaseTransaction = Awaited<ReturnType<ReturnType<Database['startTransaction']>['execute']>>;
