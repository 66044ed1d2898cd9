import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FileDeletion } from 'nestjs-file-registry';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp, hookedAppOfFile } from './support/hooked-app.js';
import { idsOf, recorder, type Recorder } from './support/recorder.js';

const registry = await createWatchedRegistry();
const Hooks = recorder();
const { app, processor, storage } = await hookedAppOfFile(registry, { providers: [Hooks] });
let hooks: Recorder;

beforeEach(() => {
  hooks = Object.assign(app.get(Hooks), { onBefore: () => 0, onAfter: () => 0, onFailed: () => 0 });
  for (const calls of [hooks.before, hooks.after, hooks.failed]) calls.length = 0;
  storage.reset();
});

afterEach(() => vi.restoreAllMocks());

/** Throws where one of these files is among those it is called with. */
const throwsFor =
  (ids: readonly string[]) =>
  (deletions: readonly FileDeletion[]): void => {
    if (deletions.some(({ fileId }) => ids.includes(fileId))) throw new Error('not yet');
  };

test('only the files that it throws for are postponed, with the reason, and tried again later', async () => {
  const stored = await registry.storeMany(20);
  const culprits = [stored[3]!.id, stored[11]!.id].toSorted();
  hooks.onBefore = throwsFor(culprits);
  expect(await processor.drain()).toMatchObject({ deleted: 18, failed: 2, stuck: 0 });

  expect(storage.keys).toHaveLength(18);
  expect(idsOf(hooks.failed)).toEqual(culprits);
  expect(hooks.failed.flat()).toEqual(
    Array(2).fill(
      expect.objectContaining({
        error: 'the hook RecordingHooks.noteBefore: not yet',
        permanent: false,
        attempts: 1,
        willRetry: true,
      }),
    ),
  );
  const row = await registry.deletion({ id: culprits[0]! });
  expect(row).toMatchObject({
    state: 'condemned',
    attempts: 1,
    lease_token: null,
    last_error: 'the hook RecordingHooks.noteBefore: not yet',
  });
  expect(await processor.drain(), 'its pause is not over').toMatchObject({ deleted: 0, failed: 0 });

  hooks.onBefore = () => undefined;
  await registry.passTime('1 day');
  expect(await processor.drain()).toMatchObject({ deleted: 2 });
  expect(hooks.after.flat().filter(({ attempts }) => attempts === 2)).toHaveLength(2);
  await registry.assertLaws();
});

test('it is repeated in halves, and not again for those that passed', async () => {
  const stored = await registry.storeMany(8);
  hooks.onBefore = throwsFor([stored[0]!.id]);
  await processor.drain();
  expect(hooks.before.map((call) => call.length)).toEqual([8, 4, 2, 1, 1, 2, 4]);
});

test('a hook that throws for every file is called 64 times more at most, and all are postponed', async () => {
  await registry.storeWithoutBytes(300);
  hooks.onBefore = () => {
    throw new Error('down');
  };
  expect(await processor.drain()).toMatchObject({ deleted: 0, failed: 300 });
  expect(hooks.before).toHaveLength(3 + 64);
  expect(storage.batches).toEqual([]);
});

test('past the maximum of attempts the file is stuck until it is retried', async () => {
  const { app: impatient, processor: last } = await hookedApp(
    registry,
    { providers: [Hooks] },
    { processor: { maxAttempts: 1 } },
  );
  const other = impatient.get(Hooks);
  other.onBefore = () => {
    throw new Error('no');
  };
  const file = await registry.store();
  expect(await last.drain()).toMatchObject({ failed: 1, stuck: 1 });
  expect(other.failed).toEqual([[expect.objectContaining({ permanent: false, willRetry: false })]]);

  other.onBefore = () => undefined;
  await last.retryStuck();
  expect(await last.drain()).toMatchObject({ deleted: 1 });
  expect(await registry.hasBytes(file)).toBe(false);
});

test.each([
  ['a text', 'plain', 'plain'],
  ['nothing', undefined, 'it threw undefined'],
  ['an object', { status: 500 }, 'it threw { status: 500 }'],
  ['an error without a message', new TypeError(), 'TypeError'],
  [
    'an object that cannot be shown',
    {
      [Symbol.for('nodejs.util.inspect.custom')]: () => {
        throw new Error();
      },
    },
    'it threw what cannot be shown',
  ],
  ['a text that PostgreSQL cannot store', 'a\0b\uD800', 'a\uFFFDb\uFFFD'],
])('it may throw %s', async (_, thrown, message) => {
  const file = await registry.store();
  hooks.onBefore = () => {
    throw thrown;
  };
  expect(await processor.drain()).toMatchObject({ failed: 1 });
  expect((await registry.deletion(file))?.last_error).toBe(`the hook RecordingHooks.noteBefore: ${message}`);
});

test('a call that never ends counts as thrown when its time is over, and its signal fires', async () => {
  const Hasty = recorder({ timeoutMs: 20 });
  const hasty = await hookedApp(registry, { providers: [Hasty] });
  const [hanging] = await registry.storeMany(2);
  const signals: AbortSignal[] = [];
  hasty.app.get(Hasty).onBefore = (deletions, { signal }) => {
    signals.push(signal);
    return deletions.some(({ fileId }) => fileId === hanging!.id) ? new Promise(() => undefined) : undefined;
  };
  expect(await hasty.processor.drain()).toMatchObject({ deleted: 1, failed: 1 });
  expect((await registry.deletion(hanging!))?.last_error).toContain('it took longer than 20 ms');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
});

test('what one hook throws for is not shown to the next', async () => {
  const Second = recorder();
  const two = await hookedApp(registry, { providers: [Hooks, Second] });
  const [bad, good] = await registry.storeMany(2);
  two.app.get(Hooks).onBefore = throwsFor([bad!.id]);
  expect(await two.processor.drain()).toMatchObject({ deleted: 1, failed: 1 });
  expect(idsOf(two.app.get(Second).before)).toEqual([good!.id]);
});
