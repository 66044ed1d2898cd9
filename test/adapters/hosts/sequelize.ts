import { sequelize } from 'nestjs-file-registry/adapters';
import { type Options, type QueryOptions, Sequelize, type Transaction } from 'sequelize';
import type { Host, Subject } from '../support/host.js';

const hint = /sequelize\.transaction\(\)/;

/** What changes statements or rows on their way. */
const converters: Options = {
  query: { raw: false, nest: true, plain: true },
  define: { underscored: true },
  minifyAliases: true,
  dialectOptions: { prependSearchPath: true },
  retry: { max: 3, match: [/concurrent/] },
};

const subject = (name: string, options: Options): Subject<Transaction> => ({
  name,
  open: async (url, max) => host(new Sequelize(url, { logging: false, pool: { max }, ...options })),
});
export const subjects = [subject('Sequelize', {}), subject('Sequelize with converters', converters)];

function host(db: Sequelize): Host<Transaction> {
  return {
    transaction: (work) => db.transaction(work),
    nested: (transaction, work) => db.transaction({ transaction }, work),
    async begin() {
      const tx = await db.transaction();
      return { tx, commit: () => tx.commit(), rollback: () => tx.rollback() };
    },
    // A search path before it would fail where the statement itself is to go back to a savepoint.
    run: (transaction, statement) =>
      db.query(statement, { transaction, supportsSearchPath: false } as QueryOptions),
    adapt: (transaction) => sequelize(transaction),
    refused: [
      ['Sequelize itself', () => sequelize(db as never), hint],
      ['an options object', () => sequelize({ transaction: null } as never), hint],
      ['null', () => sequelize(null as never), hint],
      ['undefined', () => sequelize(undefined as never), hint],
    ],
    close: () => db.close(),
  };
}
