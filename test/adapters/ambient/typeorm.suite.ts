import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll } from 'vitest';
import { ambient } from '../../../src/adapters/ambient.js';
import { typeorm } from '../../../src/adapters/typeorm.js';
import { createTestDatabase } from '../../support/create-test-database.js';
import { ambientContract } from './ambient-contract.js';

const database = await createTestDatabase();
const dataSource = new DataSource({ type: 'postgres', url: database.connectionString });
await dataSource.initialize();
afterAll(() => dataSource.destroy());

await ambientContract<EntityManager>({
  database,
  connection: dataSource,
  adapter: (dataSourceToken) => new TransactionalAdapterTypeOrm({ dataSourceToken }),
  transaction: (host) => ambient(host, typeorm),
  insert: (tx, slot) => tx.query('insert into article (slot) values ($1)', [slot]),
});
