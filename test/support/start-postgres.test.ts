import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Client } from 'pg';
import { expect, test, vi } from 'vitest';
import { forkTypeScript } from './fork-typescript.js';
import { startPostgres } from './start-postgres.js';

test('a server crashes, comes back with what was committed, and leaves nothing behind', async () => {
  const postgres = await startPostgres();
  await query(postgres.connectionString, 'create table kept as select 42 as answer');

  await postgres.crash();
  await expect(query(postgres.connectionString, 'select 1')).rejects.toThrow('ECONNREFUSED');

  await postgres.start();
  expect(await query(postgres.connectionString, 'table kept')).toEqual([{ answer: 42 }]);

  await postgres.stop();
  expect(existsSync(postgres.dataFolder)).toBe(false);
  await expect(query(postgres.connectionString, 'select 1')).rejects.toThrow('ECONNREFUSED');
});

test('a server goes with the process that started it, even if that is killed', async () => {
  const starter = forkTypeScript(new URL('./postgres-starter.ts', import.meta.url));
  const [{ connectionString, dataFolder }] = await once(starter, 'message');
  expect(existsSync(dataFolder)).toBe(true);

  starter.kill('SIGKILL');
  await vi.waitFor(() => expect(existsSync(dataFolder)).toBe(false), { timeout: 10_000 });
  await expect(query(connectionString, 'select 1')).rejects.toThrow('ECONNREFUSED');
});

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
