import createKnex, { type Knex } from 'knex';
import { knex } from 'nestjs-file-registry/adapters';
import type { Host, Subject } from '../support/host.js';

const hint = /knex\.transaction\(\)/;

/** As applications convert between snake_case and camelCase, and rudely. */
const converters: Pick<Knex.Config, 'wrapIdentifier' | 'postProcessResponse'> = {
  wrapIdentifier: (value, wrap) => wrap(value.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  postProcessResponse: (answer) => ({ rows: JSON.stringify(answer.rows).toUpperCase() }),
};

const subject = (name: string, options: Knex.Config): Subject<Knex.Transaction> => ({
  name,
  open: async (connection, max) =>
    host(createKnex({ client: 'pg', connection, pool: { min: 0, max }, ...options })),
});
export const subjects = [subject('Knex', {}), subject('Knex with converters', converters)];

function host(db: Knex): Host<Knex.Transaction> {
  return {
    transaction: (work) => db.transaction(work),
    nested: (trx, work) => trx.transaction(work),
    async begin() {
      const tx = await db.transaction();
      // Knex answers commit() also where it failed; the promise of the whole tells.
      const end = async (ended: unknown) => {
        await ended;
        await tx.executionPromise;
      };
      return { tx, commit: () => end(tx.commit()), rollback: () => end(tx.rollback()) };
    },
    run: async (trx, statement) => trx.raw(statement),
    adapt: (trx) => knex(trx),
    refused: [
      ['Knex itself', () => knex(db as never), hint],
      ['a query', () => knex(db('article') as never), hint],
      ['an object', () => knex({} as never), hint],
      ['null', () => knex(null as never), hint],
      ['Knex without its adapter', () => db, /in its adapter/],
    ],
    close: () => db.destroy(),
  };
}
