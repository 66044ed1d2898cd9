import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, OutboxProcessor } from 'nestjs-file-registry';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';

const database = await createTestDatabase();

test('connections that end in the middle of statements fail these statements and nothing else', async () => {
  vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  const pool = database.pool({ max: 3 });
  // One that was there before the registry knew the pool.
  (await pool.connect()).release();
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: pool,
        storages: { memory: memoryStorage() },
        processor: { enabled: false },
      }),
    ],
  }).compile();
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on('uncaughtException', note);
  try {
    const locker = await database.client();
    await locker.query('begin; lock table file_registry.settings');
    const ticking = module.get(OutboxProcessor).tick();
    await untilSomebodyWaits();
    await database.disconnectAll();
    await ticking;
  } finally {
    process.off('uncaughtException', note);
  }

  expect(uncaught).toEqual([]);
  expect(await module.get(OutboxProcessor).drain()).toMatchObject({ obstacle: null });
  await module.close();
});

async function untilSomebodyWaits(): Promise<void> {
  const watcher = database.pool();
  const waiting = 'select from pg_locks where not granted and database = $1::oid';
  const { rows } = await watcher.query('select oid from pg_database where datname = current_database()');
  for (let tries = 0; tries < 5000; tries++) {
    if ((await watcher.query(waiting, [rows[0].oid])).rowCount! > 0) {
      return;
    }
  }
  throw new Error('nobody waited');
}
