import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(
  `create table article (id integer primary key, cover uuid, gallery uuid[]);`,
  { gracePeriodMs: 0, unattachedTtlMs: 0 },
);
await tracked.track({ table: 'article', column: 'cover' }, 'select id, cover from article');
await tracked.track({ table: 'article', column: 'gallery' }, 'select id, unnest(gallery) from article');
const { registry } = tracked;

test('writers of different rows that share files never wait for each other in a circle', async () => {
  const files = await tracked.store(4);
  await tracked.run(
    `insert into article select n, '${files[0]}', array['${files[1]}']::uuid[] from generate_series(1, 40) n`,
  );
  const writer = async (own: number) => {
    const client = await registry.database.client();
    for (let n = 0; n < 60; n++) {
      const [first, second] = [files[(n + own) % 4], files[(n * own) % 4]];
      await client.query('begin');
      await client.query(`update article set cover = $1 where id % 4 = $2 and id % 3 = $3`, [
        first,
        own,
        n % 3,
      ]);
      await client.query(
        `update article set gallery = array[$1, $2]::uuid[], cover = $2 where id % 4 = $3 and id % 5 = $4`,
        [second, first, own, n % 5],
      );
      await client.query(`delete from article where id = $1`, [4 + own]);
      await client.query(`insert into article values ($1, $2, array[$3]::uuid[])`, [4 + own, second, first]);
      await client.query(n % 7 === 0 ? 'rollback' : 'commit');
    }
  };
  await Promise.all([0, 1, 2, 3].map(writer));
  await tracked.check();
  await expect(tracked.check()).resolves.toBeUndefined();
});

test('rows that flip between files while the processor settles keep the bytes of what they name', async () => {
  await tracked.run('truncate article');
  const files = await tracked.store(8);
  await tracked.run(
    `insert into article select n + 1, ($1::uuid[])[1 + n % 4] from generate_series(0, 3) n`,
    [files],
  );
  let [flipping, settled] = [true, 0];
  const refusals: string[] = [];
  const flip = async (row: number) => {
    const client = await registry.database.client();
    for (let n = 0; n < 150; n++) {
      const file = files[(n % 2) * 4 + row - 1];
      await client
        .query('update article set cover = $1 where id = $2', [file, row])
        .catch((error: { code: string }) => refusals.push(error.code));
    }
  };
  const settle = async () => {
    for (let round = 0; flipping && round < 5000; round++) {
      await registry.passTime('1 second');
      settled += (await registry.processor.drain()).deleted;
    }
  };
  await Promise.all([Promise.all([1, 2, 3, 4].map(flip)).finally(() => (flipping = false)), settle()]);
  expect(settled).toBeGreaterThan(0);
  // Where the processor was first, if it ever was, the row stays as it was.
  expect(refusals.filter((code) => code !== '23503')).toEqual([]);
  await tracked.check();
  await registry.passTime('1 hour');
  await registry.processor.drain();
  await tracked.check();
  const { rows } = await tracked.pool.query('select cover from article');
  expect(await registry.files.find(rows.map((row) => ({ id: row.cover as string })))).not.toContain(null);
});

test('a row that is deleted and inserted by two sessions', async () => {
  await tracked.run('truncate article');
  const [a, b] = (await tracked.store(2)) as [string, string];
  await tracked.run(`insert into article values (1, '${a}')`);
  const [first, second] = [await registry.database.begun(), await registry.database.begun()];
  await first.query('delete from article where id = 1');
  const waiting = second.query(`insert into article values (1, '${b}')`);
  await first.query('commit');
  await waiting;
  await second.query('commit');
  await tracked.check();
  await expect(tracked.check()).resolves.toBeUndefined();
});
