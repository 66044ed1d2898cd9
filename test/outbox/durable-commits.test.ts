import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0, receiptRetentionMs: 0 });
const { database, pool } = registry;

// A deferred constraint trigger runs at the commit, when a function's own SET clause would be over.
await pool.query(`
  create table public.commits (relation text, operation text, synchronous_commit text);
  create function public.note_commit() returns trigger language plpgsql security definer
  as $body$
  begin
    insert into public.commits values (tg_relid::regclass::text, tg_op, current_setting('synchronous_commit'));
    return null;
  end
  $body$;
  create constraint trigger note_commit after insert or delete on file_registry.files
    deferrable initially deferred for each row execute function public.note_commit();
  create constraint trigger note_commit after insert or update or delete on file_registry.deletions
    deferrable initially deferred for each row execute function public.note_commit();`);

const careless = { options: '-c synchronous_commit=off' };

async function commitsOf(work: () => Promise<unknown>): Promise<Set<string>> {
  await pool.query('truncate public.commits');
  await work();
  const { rows } = await pool.query('select relation, operation, synchronous_commit from public.commits');
  return new Set(rows.map((row) => Object.values(row).join(' ')));
}

test('settle, claim, fail, complete and prune commit durably where the role does not', async () => {
  await registry.store();
  const other = await registry.another({
    gracePeriodMs: 0,
    unattachedTtlMs: 0,
    processor: { database: database.pool(careless) },
  });

  other.storage.onDelete = () => Promise.reject(new Error('down'));
  expect(await commitsOf(() => other.processor.drain())).toEqual(
    new Set([
      'file_registry.files DELETE on',
      'file_registry.deletions INSERT on',
      'file_registry.deletions UPDATE on',
    ]),
  );

  other.storage.reset();
  await registry.passTime('1 day');
  expect(await commitsOf(() => other.processor.drain())).toEqual(
    new Set(['file_registry.deletions UPDATE on']),
  );
  await registry.passTime('1 year');
  expect(await commitsOf(() => other.processor.drain())).toEqual(
    new Set(['file_registry.deletions DELETE on']),
  );
  await other.module.close();
});

test('reserving and abandoning a key commit durably where the role does not', async () => {
  const session = await database.client(careless);
  const id = randomUUID();

  expect(
    await commitsOf(() =>
      session.query("select file_registry.reserve($1, 'media', $1::uuid::text, null, 60000)", [id]),
    ),
  ).toEqual(new Set(['file_registry.deletions INSERT on']));
  expect(
    await commitsOf(() =>
      session.query("select file_registry.abandon_upload($1, 'media', $1::uuid::text)", [id]),
    ),
  ).toEqual(new Set(['file_registry.deletions UPDATE on']));
  expect((await session.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }]);
});
