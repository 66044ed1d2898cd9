import { afterAll, describe } from 'vitest';
import { createTestRegistry, type TestRegistry } from '../support/create-test-registry.js';
import { failureCases } from './contract/failure-cases.js';
import { endedByHandCases, othersTransactionCases, refusalCases } from './contract/refusal-cases.js';
import { transactionCases } from './contract/transaction-cases.js';
import { verbCases } from './contract/verb-cases.js';
import type { Host, Subject } from './support/host.js';

/** What the cases are given. */
export interface Arena<Tx> {
  readonly registry: TestRegistry;
  /** A registry whose schema has a name that statements stumble over, and the library on its database. */
  readonly odd: { readonly registry: TestRegistry; readonly host: Host<Tx> };
  readonly host: Host<Tx>;
  /** Another of the same kind with one connection only, so that transactions follow each other on it. */
  readonly narrow: Host<Tx>;
  readonly subject: Subject<Tx>;
}

const oddSchema = 'it\'s "odd"? %I ?? $1 $$ :name \\? ünï';

/** What holds for the transactions of every library. Call it at the top level of a suite. */
export async function transactionContract<Tx>(subject: Subject<Tx>): Promise<void> {
  const registry = await createTestRegistry();
  const { pool } = registry;
  await pool.query('create table article (id int generated always as identity primary key, title text)');
  await pool.query('alter table article add unique (title) deferrable initially deferred');
  const oddRegistry = await createTestRegistry({ schema: oddSchema, migrate: 'run' });

  const open = async ({ database }: TestRegistry, connections: number) => {
    const host = await subject.open(database.connectionString, connections);
    afterAll(() => host.close());
    return host;
  };
  const arena: Arena<Tx> = {
    registry,
    odd: { registry: oddRegistry, host: await open(oddRegistry, 2) },
    host: await open(registry, 3),
    narrow: await open(registry, 1),
    subject,
  };

  describe(`${subject.name}`, () => {
    transactionCases(arena);
    refusalCases(arena);
    if (subject.handleIsOneTransaction ?? true) othersTransactionCases(arena);
    if (arena.host.begin !== undefined) endedByHandCases(arena);
    failureCases(arena);
    verbCases(arena);
  });
}
