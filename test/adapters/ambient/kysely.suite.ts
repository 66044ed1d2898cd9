import { createTestDatabase } from '../../support/create-test-database.js';
import { ambientContract } from './ambient-contract.js';
import type { Database, Tables } from './database.js';
import { KyselyTransactionalAdapter } from './kysely-transactional-adapter.js';

const database = await createTestDatabase();

await ambientContract<Database>({
  database,
  connection: database.kysely<Tables>(),
  adapter: (token) => new KyselyTransactionalAdapter(token),
  transaction: (host) => host,
  insert: (tx, slot) => tx.insertInto('article').values({ slot }).execute(),
});
