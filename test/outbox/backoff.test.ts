import { expect, test } from 'vitest';
import { createWatchedRegistry } from './support/watched-registry.js';

// Long, so that a drain does not come back to what it has just seen fail.
const backoffBaseMs = 60 * 60 * 1000;
const backoffMaxMs = 5 * backoffBaseMs;
const maxAttempts = 5;

const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 0,
  processor: { backoffBaseMs, backoffMaxMs, maxAttempts },
});
const { pool, processor, storage } = registry;

async function databaseClock(): Promise<number> {
  const { rows } = await pool.query('select extract(epoch from clock_timestamp())::float8 * 1000 as now');
  return rows[0].now;
}

/** When each deletion is tried again, on the database's clock, and how often it was. */
async function attempts(): Promise<{ at: number; attempts: number }[]> {
  const { rows } = await pool.query(
    `select extract(epoch from next_attempt_at)::float8 * 1000 as at, attempts
       from file_registry.deletions
      where state <> 'deleted'`,
  );
  return rows;
}

test('pauses double up to their bound, with full jitter, until the attempts are used up', async () => {
  const count = 20;
  await registry.storeWithoutBytes(count);
  storage.onDelete = () => Promise.reject(new Error('down'));

  for (let attempt = 1; attempt < maxAttempts; attempt++) {
    const boundMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** (attempt - 1));
    const before = await databaseClock();
    expect(await processor.drain()).toMatchObject({ failed: count, stuck: 0 });
    const after = await databaseClock();

    const rows = await attempts();
    expect(new Set(rows.map((row) => row.attempts))).toEqual(new Set([attempt]));
    for (const { at } of rows) {
      expect(at).toBeGreaterThanOrEqual(before - 1);
      expect(at).toBeLessThanOrEqual(after + boundMs + 1);
    }
    // All of 20 in one half would be chance once in a million.
    const middle = before + boundMs / 2;
    expect(rows.some(({ at }) => at > middle)).toBe(true);
    expect(rows.some(({ at }) => at < after + boundMs / 2)).toBe(true);
    await registry.passTime('6 hours');
  }

  expect(await processor.drain()).toMatchObject({ failed: count, stuck: count });
  expect(new Set((await attempts()).map(({ at }) => at))).toEqual(new Set([Infinity]));
  await registry.passTime('1 year');
  expect(await processor.drain()).toMatchObject({ failed: 0, deleted: 0 });
});

test('pauses are spread finely, so that none is nothing and no two fall together', async () => {
  const count = 500;
  await registry.storeWithoutBytes(count);
  storage.onDelete = () => Promise.reject(new Error('down'));
  const before = await databaseClock();
  await processor.drain();

  const rows = (await attempts()).filter((row) => row.attempts === 1);
  // Steps of a thousandth of the bound would leave some 390 of 500.
  expect(new Set(rows.map(({ at }) => Math.round(at - before))).size).toBeGreaterThan(450);
});

test('a failed deletion is not tried again before its pause is over', async () => {
  const file = await registry.store();
  storage.onDelete = () => Promise.reject(new Error('down'));
  await processor.drain();
  await pool.query(
    "update file_registry.deletions set next_attempt_at = clock_timestamp() + interval '1 hour'",
  );

  await registry.passTime('59 minutes');
  await processor.drain();
  expect(await registry.deletion(file)).toMatchObject({ attempts: 1 });
  await registry.passTime('2 minutes');
  await processor.drain();
  expect(await registry.deletion(file)).toMatchObject({ attempts: 2 });
});

test('an object that fails for ever does not keep the others waiting', async () => {
  const [bad] = await registry.storeMany(1);
  storage.onDelete = async (objects, proceed) => {
    const others = await proceed(objects.filter(({ key }) => key !== bad?.key));
    return others.length === objects.length
      ? others
      : [...others, { key: bad?.key ?? '', error: { message: 'bad', permanent: false } }];
  };
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const file = await registry.store();
    await registry.passTime('6 hours');
    expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 1 });
    expect(await registry.deletion(file)).toMatchObject({ state: 'deleted' });
  }
  expect(await processor.stats()).toMatchObject({ stuck: 1, receipts: maxAttempts });
});
