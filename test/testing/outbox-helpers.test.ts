import { AssertionError } from 'node:assert';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ProcessorStoppedError } from 'nestjs-file-registry';
import {
  assertPending,
  assertSettled,
  drainAll,
  faults,
  faultyStorage,
  memoryStorage,
} from 'nestjs-file-registry/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const memory = memoryStorage();
const media = faultyStorage(memory);
const registry = await createTestRegistry({
  storages: { media },
  gracePeriodMs: 0,
  // Jitter may shorten a backoff to almost nothing; of an hour it leaves enough that no drain meets it.
  processor: { backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000 },
});
const app = registry.module;
const stopped = await createTestRegistry({ storages: { media: memoryStorage() } });

async function stored(): Promise<Awaited<ReturnType<typeof registry.store>>> {
  const file = await registry.store();
  await registry.attach(file, '1');
  return file;
}

async function messageOf(promise: Promise<void>): Promise<string> {
  const error = await promise.then(
    () => 'It resolved.',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AssertionError);
  return (error as AssertionError).message;
}

/** Detaches everything and lets so much time pass that nothing may be left, not even a receipt. */
async function expectNothingKept(): Promise<void> {
  await registry.pool.query('delete from file_registry.file_references');
  await registry.processor.retryStuck();
  for (let pass = 0; pass < 2; pass++) {
    await registry.passTime('1 year');
    await drainAll(app);
  }
  await assertPending(app, { pending: 0, condemned: 0, stuck: 0, reserved: 0, receipts: 0 });
  expect(memory.keys()).toEqual([]);
  await registry.assertLaws();
}

afterEach(async () => {
  vi.restoreAllMocks();
  media.heal();
  await expectNothingKept();
});

test('draining deletes what nobody holds, and the registry is settled then', async () => {
  const [kept, gone] = [await stored(), await stored()];
  await registry.detach(gone, '1');
  expect(await drainAll(app)).toMatchObject({ condemned: 1, deleted: 1 });
  await assertSettled(app);
  expect(memory.keys()).toEqual([kept.key]);
});

test('what is due is counted, and named where nothing was to be left', async () => {
  const file = await stored();
  await assertSettled(app);
  await assertPending(app, { pending: 1, due: 0 });

  await registry.detach(file, '1');
  await assertPending(app, { pending: 2, due: 1, condemned: 0 });
  expect(await messageOf(assertSettled(app))).toBe(
    'The registry is not settled:\n  1 intent(s) due: drain first; one that stays due has its file locked by an open transaction',
  );
});

test('numbers that differ are named, with the whole outbox beside them', async () => {
  await stored();
  const message = await messageOf(assertPending(app, { pending: 7, due: 0, stuck: 1 }));
  expect(message).toMatch(
    /^The outbox is not as expected:\n {2}pending: 1 instead of 7\n {2}stuck: 0 instead of 1\n/,
  );
  expect(message).toMatch(/"pending":1,/);
});

test('deletions that wait for the next try, and those that are stuck, are told apart', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  const [refused, failed] = [await stored(), await stored()];
  for (const file of [refused, failed]) await registry.detach(file, '1');
  media.replan({ delete: faults.failKeys((key) => (key === refused.key ? 'permanent' : 'retryable')) });

  expect(await drainAll(registry.processor)).toMatchObject({ deleted: 0, failed: 2, stuck: 1 });
  const message = await messageOf(assertSettled(app));
  expect(message).toContain('\n  1 deletion(s) under way: ');
  expect(message).toContain('\n  1 deletion(s) stuck: ');
  expect(memory.keys()).toHaveLength(2);
});

test('an upload under way is named, and so is one that was given up', async () => {
  media.replan({ write: { [media.calls.write + 1]: faults.hang() } });
  const storing = registry.store();
  await media.untilWaiting();
  expect(await messageOf(assertSettled(app))).toContain('\n  1 upload(s) reserved: ');
  media.release();
  await storing;
  await assertSettled(app);

  media.replan({ write: faults.failHalfway({ keep: true }) });
  await expect(registry.store()).rejects.toThrow('A planned fault');
  expect(memory.keys(), 'the half that the storage kept').toHaveLength(2);
  await drainAll(app);
  expect(memory.keys()).toHaveLength(1);
  expect(await messageOf(assertSettled(app))).toContain('second deletion of an upload that was given up');
});

test('a deletion that hangs is seen as it hangs, and ends when it is released', async () => {
  const file = await stored();
  await registry.detach(file, '1');
  media.replan({ delete: faults.hang() });
  const draining = drainAll(app);
  await media.untilWaiting();
  await assertPending(app, { due: 0, condemned: 1, stuck: 0 });
  expect(memory.has(file.key)).toBe(true);
  media.heal();
  expect(await draining).toMatchObject({ deleted: 1 });
  await assertSettled(app);
});

test('whichever call of the storage fails, nothing is left in the end', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  for (let n = 1, struck = true; struck; n++) {
    const before = media.calls;
    const base = before.check + before.write + before.read + before.delete;
    const struckBefore = media.struck;
    media.replan({ any: { [base + n]: faults.failAfterwards() } });
    await stored()
      .then((file) => registry.detach(file, '1'))
      .catch(() => undefined);
    await drainAll(app);
    struck = media.struck > struckBefore;
    media.heal();
    await registry.passTime('25 hours');
    await drainAll(app);
    expect(memory.keys()).toEqual([]);
    expect(n).toBeLessThan(10);
  }
  expect(media.struck).toBeGreaterThan(1);
});

test('an application without a registry, or one that was closed, is refused', async () => {
  @Module({})
  class EmptyModule {}
  const empty = await NestFactory.createApplicationContext(EmptyModule, { logger: false });
  await expect((async () => drainAll(empty))()).rejects.toThrow(
    /no file registry in this application\. Import/,
  );
  await expect(assertSettled(empty)).rejects.toThrow(/no file registry/);
  await empty.close();

  const closed = await Test.createTestingModule({ imports: [EmptyModule] }).compile();
  await expect(assertPending(closed, {})).rejects.toThrow(/no file registry/);
  await stopped.module.close();
  await expect(drainAll(stopped.module)).rejects.toThrow(ProcessorStoppedError);
});
