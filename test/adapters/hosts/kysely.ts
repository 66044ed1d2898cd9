import { CamelCasePlugin, type ControlledTransaction, Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import type { Host, Subject } from '../support/host.js';

const subject: Subject<ControlledTransaction<any>> = {
  name: 'Kysely with CamelCasePlugin',
  open: async (connectionString, max) => {
    const dialect = new PostgresDialect({ pool: new Pool({ connectionString, max }) });
    const db = new Kysely<any>({
      dialect,
      plugins: [new CamelCasePlugin({ upperCase: true, maintainNestedObjectKeys: false })],
    });
    return host(db);
  },
};
export const subjects = [subject];

function host(db: Kysely<any>): Host<ControlledTransaction<any>> {
  return {
    async transaction(work) {
      const trx = await db.startTransaction().execute();
      try {
        const result = await work(trx);
        await trx.commit().execute();
        return result;
      } catch (error) {
        await trx.rollback().execute();
        throw error;
      }
    },
    async nested(trx, work) {
      const savepoint = await trx.savepoint('nested').execute();
      try {
        const result = await work(savepoint);
        await savepoint.releaseSavepoint('nested').execute();
        return result;
      } catch (error) {
        await savepoint.rollbackToSavepoint('nested').execute();
        throw error;
      }
    },
    async begin() {
      const tx = await db.startTransaction().execute();
      return { tx, commit: () => tx.commit().execute(), rollback: () => tx.rollback().execute() };
    },
    run: (trx, statement) => sql.raw(statement).execute(trx),
    // Two copies of Kysely are two types, for TypeScript; the registry goes by their shape.
    adapt: (trx) => trx as never,
    refused: [
      ['Kysely itself', () => db, /db\.transaction\(\)/],
      ['the builder of a transaction', () => db.transaction(), /Pass a Kysely transaction/],
    ],
    close: () => db.destroy(),
  };
}
