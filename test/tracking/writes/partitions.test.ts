import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table event (id integer, kind text, at timestamptz, cover uuid, gallery uuid[], deleted_at timestamptz, primary key (id, kind, at))
    partition by list (kind);
  create table event_talk partition of event for values in ('talk') partition by range (at);
  create table event_talk_2025 partition of event_talk for values from ('2025-01-01 00:00+00') to ('2026-01-01 00:00+00');
  create table event_talk_2026 partition of event_talk for values from ('2026-01-01 00:00+00') to ('2027-01-01 00:00+00');
  create table event_other partition of event default;`);
const id = `format('["%s","%s","%s"]', id, kind, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`;
await tracked.track(
  { table: 'event', column: 'cover', where: 'deleted_at is null' },
  `select ${id}, cover from event where deleted_at is null`,
);
await tracked.track({ table: 'event', column: 'gallery' }, `select ${id}, unnest(gallery) from event`);
const [a, b, c] = (await tracked.store(3)) as [string, string, string];

const fill = () =>
  tracked.run(`
    truncate event;
    insert into event
    select n, (array['talk', 'walk', 'tour'])[1 + n % 3], '2025-06-01 12:00+02'::timestamptz + n % 2 * interval '1 year', '${a}',
           array['${a}', '${b}']::uuid[]
      from generate_series(1, 60) n`);

test('rows of every partition, through the parent and directly', async () => {
  await fill();
  expect(await tracked.files.count({ id: a })).toBe(120);
  await tracked.run(
    `insert into event_talk_2025 values (100, 'talk', '2025-02-01 00:00:00.5+00', '${c}', '{}')`,
  );
  await tracked.run(
    `insert into event_other values (100, 'x', '2030-01-01', '${c}'), (101, 'x', '2030-01-01', '${c}')`,
  );
  await tracked.run(`update event_other set cover = '${b}' where id = 100`);
  await tracked.run(`update event set gallery = array_remove(gallery, '${a}') where id % 2 = 0`);
  await tracked.run(`update event set deleted_at = now() where id % 5 = 0`);
  await tracked.run(`update event set deleted_at = null`);
  await tracked.run(`delete from event_talk where id < 10`);
  await tracked.run(`delete from event where id < 30`);
  await tracked.run(
    `copy event (id, kind, at, cover) from program 'printf "200,talk,2026-01-01,${a}\\n201,new,2026-01-01,${c}\\n"' with (format csv)`,
  );
});

test('rows that move between partitions', async () => {
  await fill();
  await tracked.run(`update event set at = at + interval '1 year' where id % 2 = 0 and kind = 'talk'`);
  await tracked.run(`update event set kind = 'talk' where kind = 'walk' and at < '2026-01-01'`);
  await tracked.run(`update event set kind = 'none', cover = '${c}', gallery = null where kind = 'talk'`);
  await tracked.run(`update event_other set id = id + 1000`);
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('MERGE and ON CONFLICT over partitions', async () => {
  await fill();
  await tracked.run(`insert into event values (3, 'talk', '2026-06-01 10:00+00', '${c}'), (3, 'talk', '2026-06-01 10:00:01+00', '${c}')
    on conflict (id, kind, at) do update set cover = excluded.cover`);
  await tracked.run(`
    merge into event e using generate_series(1, 90) n on e.id = n
     when matched and n < 10 then delete
     when matched and n < 20 then update set kind = 'moved'
     when matched then update set cover = '${b}'
     when not matched then insert (id, kind, at, cover) values (n, 'talk', '2025-01-01', '${c}')`);
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('partitions of the future', async () => {
  await fill();
  await tracked.pool.query(`
    create table event_fair partition of event for values in ('fair') partition by list (id);
    create table event_fair_1 partition of event_fair for values in (1);
    create table event_fair_n partition of event_fair default;`);
  await tracked.run(`insert into event select n, 'fair', now(), '${c}' from generate_series(1, 3) n`);
  await tracked.run(`insert into event_fair_1 values (1, 'fair', '2020-01-01', '${c}')`);
  await tracked.run(`update event_fair_1 set cover = '${a}' where at < '2021-01-01'`);
  await tracked.run(`update event set id = 7 where id = 1 and kind = 'fair'`);
  await tracked.run('delete from event_fair');
  await tracked.pool.query('drop table event_fair');
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('a table with rows that is attached and taken in again', async () => {
  await fill();
  await tracked.pool.query(`create table event_late (like event);
    alter table event_late add primary key (id, kind, at);
    insert into event_late values (1, 'late', now(), '${c}', array['${c}']::uuid[]);
    alter table event attach partition event_late for values in ('late')`);
  await expect(tracked.checkSlots()).rejects.toThrow('does not hold it');
  await tracked.pool.query(`update event_late set cover = '${b}'`);
  await tracked.run(`delete from event_late`);
});

test('TRUNCATE of the parent, of a partition and of one with partitions', async () => {
  await fill();
  await tracked.run('truncate event_talk_2025');
  await tracked.run('truncate event_talk_2026, event_other');
  await fill();
  await tracked.run('truncate event_talk');
  await tracked.run('truncate event');
  expect(await tracked.references()).toEqual([]);
});

test('a detached partition keeps the references of its rows, and nothing else changes', async () => {
  await fill();
  const before = await tracked.references();
  await tracked.pool.query('alter table event_talk detach partition event_talk_2025');
  await tracked.pool.query(
    `update event_talk_2025 set cover = null; delete from event_talk_2025 where id > 30`,
  );
  await expect(tracked.pool.query('truncate event_talk_2025')).rejects.toMatchObject({
    code: '55000',
    hint: expect.stringContaining('detached partition drop the trigger'),
  });
  expect(await tracked.references()).toEqual(before);
  await expect(tracked.checkSlots()).rejects.toThrow('does not name it');
  await tracked.registry.assertLaws();
});
