import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';
import { expectNothingLeft } from './nothing-is-left.js';
import { until } from './until.js';

const ttlMs = 60_000;
const registry = await createTestRegistry({ uploadTtlMs: ttlMs });
const { files, media, processor } = registry;

// Only the clock of the renewals; everything else keeps the real one.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(async () => {
  vi.useRealTimers();
  await expectNothingLeft(registry, media);
});

async function bytesWritten(): Promise<number> {
  const [path] = await media.files();
  return path === undefined ? -1 : (await stat(join(media.path, path))).size;
}

async function dueInSeconds(): Promise<number> {
  const { rows } = await registry.pool.query(
    `select extract(epoch from next_attempt_at - clock_timestamp())::float as seconds
       from file_registry.deletions where state = 'reserved'`,
  );
  return rows[0]?.seconds ?? Number.NaN;
}

async function begin() {
  const content = new PassThrough();
  const stored = files.store(content);
  await until('the reservation and the temporary file', async () => (await bytesWritten()) === 0);
  return { content, stored };
}

/** Sends a byte and waits until it has passed. */
async function sendByte(content: PassThrough): Promise<void> {
  const before = await bytesWritten();
  content.write('x');
  await until('the byte is written', async () => (await bytesWritten()) > before);
}

test('a slow upload that flows is renewed and outlives its time-to-live many times', async () => {
  const { content, stored } = await begin();
  for (let n = 0; n < 5; n++) {
    await registry.passTime('50 seconds');
    expect(await dueInSeconds()).toBeLessThan(11);
    await sendByte(content);
    vi.advanceTimersByTime(ttlMs / 3);
    await until('the reservation is renewed', async () => (await dueInSeconds()) > 30);
    await processor.drain();
  }
  content.end();

  expect(await stored).toMatchObject({ size: 5 });
});

test('an upload that went silent is not renewed and lapses', async () => {
  const { content, stored } = await begin();
  const failed = errorOf(stored);
  await sendByte(content);
  await registry.passTime('20 seconds');
  vi.advanceTimersByTime(ttlMs / 3);
  await until('the reservation is renewed', async () => (await dueInSeconds()) > 50);
  await registry.passTime('30 seconds');
  vi.advanceTimersByTime((ttlMs / 3) * 2);
  expect(await dueInSeconds()).toBeLessThan(31);
  expect(content.destroyed, 'it may still go on').toBe(false);

  vi.advanceTimersByTime(ttlMs / 3);
  expect(await failed).toMatchObject({ code: 'UPLOAD_EXPIRED' });
  expect(content.destroyed).toBe(true);
  expect(await media.files()).toEqual([]);
});

test('an upload that goes on after a silence has a whole time-to-live again', async () => {
  const { content, stored } = await begin();
  for (let n = 0; n < 3; n++) {
    await sendByte(content);
    vi.advanceTimersByTime(ttlMs);
  }
  content.end();

  expect(await stored).toMatchObject({ size: 3 });
});

test('an upload that finds its reservation taken back stops at once', async () => {
  const { content, stored } = await begin();
  const failed = errorOf(stored);
  await registry.passTime('61 seconds');
  await processor.drain();
  vi.advanceTimersByTime(ttlMs / 3);

  expect(await failed).toMatchObject({ code: 'UPLOAD_EXPIRED' });
  expect(content.destroyed).toBe(true);
});

test('a renewal that fails is made up for by the next', async () => {
  const { content, stored } = await begin();
  const client = await registry.database.client();
  await client.query('begin; lock table file_registry.deletions in share mode');
  await sendByte(content);
  vi.advanceTimersByTime(ttlMs / 3);
  await until('the renewal waits', async () => {
    const { rows } = await client.query(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows[0]) await client.query('select pg_cancel_backend($1)', [rows[0].pid]);
    return rows.length > 0;
  });
  await client.query('rollback');

  await registry.passTime('50 seconds');
  await sendByte(content);
  vi.advanceTimersByTime(ttlMs / 3);
  await until('the reservation is renewed', async () => (await dueInSeconds()) > 30);
  content.end();

  expect(await stored).toMatchObject({ size: 2 });
});
