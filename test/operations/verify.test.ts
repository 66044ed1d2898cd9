import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { processor, pool } = registry;

/** What only a privileged hand can do. */
async function roundTheTriggers(...statements: string[]): Promise<void> {
  await pool.query(['set local session_replication_role = replica', ...statements].join(';'));
}

test('a registry that nobody tampered with has no violations, whatever state its files are in', async () => {
  const [held, detached, gone] = [await registry.store(), await registry.store(), await registry.store()];
  await registry.attach(held, '1');
  await registry.attach(detached, '1');
  await registry.detach(detached, '1');
  await pool.query('delete from file_registry.files where id = $1', [gone.id]);

  const progress: number[] = [];
  const report = await processor.verify({
    batchSize: 1,
    onProgress: (so) => progress.push(so.files + so.references + so.deletions),
  });
  expect(report).toMatchObject({
    checked: { files: 2, references: 1, deletions: 1, owners: 0, violations: 0 },
    violations: [],
  });
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(4);
});

test('each law that a privileged hand broke is named with its file', async () => {
  const files = await Promise.all(Array.from({ length: 4 }, () => registry.store()));
  const [forgotten, twice, dangling, doomed] = files.map((file) => file.id);
  await roundTheTriggers(
    `delete from file_registry.deletion_outbox where file_id = '${forgotten}'`,
    `insert into file_registry.deletions (file_id, storage, key, reason, state)
     values ('${twice}', 'media', '${twice}', 'detached', 'condemned')`,
    `insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ('${dangling}', 'a', '1', 's')`,
    `delete from file_registry.files where id = '${dangling}'`,
    `insert into file_registry.deletions (file_id, storage, key, reason, state)
     select gen_random_uuid(), storage, key, 'detached', 'condemned' from file_registry.files where id = '${doomed}'`,
  );

  const { violations } = await processor.verify({ batchSize: 2 });
  expect(violations).toEqual(
    expect.arrayContaining([
      { law: 2, fileId: forgotten, problem: expect.stringContaining('neither a reference nor an intent') },
      { law: 3, fileId: twice, problem: expect.stringContaining('condemned in deletions') },
      { law: 1, fileId: dangling, problem: expect.stringContaining('held by a/1/s and is no file') },
      { law: 3, fileId: expect.any(String), problem: expect.stringContaining(`that of file ${doomed}`) },
      { law: 6, fileId: expect.any(String), problem: expect.stringContaining('not kept in adopted_keys') },
    ]),
  );
  expect(violations).toHaveLength(5);
  await roundTheTriggers(
    'delete from file_registry.file_references',
    'delete from file_registry.deletions',
    'delete from file_registry.files',
  );
});

test('references whose record is gone are found beside the application table, of any type of key', async () => {
  await pool.query('create table author (id integer primary key); insert into author values (1), (2)');
  const file = await registry.store();
  for (const id of ['1', '2', '3', 'none']) {
    await registry.attach(file, id, 'portrait', 'author');
  }

  const ownerTables = { author: { table: 'public.author', idColumn: 'id' } };
  for (const batchSize of [1, 2, 100]) {
    const { violations, checked } = await processor.verify({ ownerTables, batchSize });
    expect(checked.owners).toBe(4);
    expect(violations.map(({ problem }) => /author\/\w+/.exec(problem)?.[0])).toEqual([
      'author/3',
      'author/none',
    ]);
  }
});

test.for(['author; drop table author', 'a.b.c', '', '"x', 'id = 1 or true', 'Author'])(
  '%j is no name of a table and reaches no statement',
  async (table) => {
    const ownerTables = { author: { table, idColumn: 'id' } };
    await expect(processor.verify({ ownerTables })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  },
);

test('a table that is not there is an error that names it', async () => {
  const ownerTables = { author: { table: 'nowhere', idColumn: 'id' } };
  await registry.attach(await registry.store(), '1', 'portrait', 'author');
  await expect(processor.verify({ ownerTables })).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    message: expect.stringContaining('nowhere'),
  });
});

test('a signal ends it between two batches', async () => {
  await expect(processor.verify({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    'enough',
  );
});
