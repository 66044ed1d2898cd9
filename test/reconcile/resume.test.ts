import type { FileStorage, ReconcileFinding } from 'nestjs-file-registry';
import { faults, faultyStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { beforeEach, expect, test } from 'vitest';
import { arenaOver } from './support/arena.js';

const arena = await arenaOver(faultyStorage(memoryStorage()));
const { storage } = arena;
const keys = ['a', 'b', 'c', 'd', 'e'];

/** Plans begin with the next call, whatever was called before. */
function fail(
  kind: 'list' | 'stat' | 'read',
  faultAt: (nth: number) => ReturnType<typeof faults.fail> | undefined,
): void {
  const before = storage.calls[kind];
  storage.replan({ [kind]: ({ number }: { number: number }) => faultAt(number - before) });
}

beforeEach(async () => {
  storage.heal();
  await arena.clear();
  for (const key of keys) await arena.put(key);
  await arena.registry.files.adopt('b');
  await arena.registry.files.adopt('d');
  await arena.lose('d');
});

const expected = [
  ['orphan', 'a'],
  ['orphan', 'c'],
  ['dangling', 'd'],
  ['orphan', 'e'],
];
const told = (findings: readonly ReconcileFinding[]) =>
  findings.map((finding) => [finding.kind, finding.kind === 'obstacle' ? finding.path : finding.key]);

test('a listing that fails behind each of its objects in turn is taken up there, and nothing is told twice', async () => {
  for (let afterObjects = 0; afterObjects <= keys.length; afterObjects++) {
    for (const pageSize of [1, 3, 1000]) {
      fail('list', (nth) => (nth === 1 ? faults.failListing({ afterObjects }) : undefined));
      expect(told(await arena.findings({ minAgeMs: 0, pageSize })), `behind ${afterObjects}`).toEqual(
        expected,
      );
    }
  }
});

test('a listing that never gives more than one object comes to its end', async () => {
  fail('list', (nth) => (nth <= 4 ? faults.failListing({ afterObjects: 1 }) : undefined));
  expect(told(await arena.findings({ minAgeMs: 0, maxAttempts: 2 }))).toEqual(expected);
});

test('each call of any kind may fail once', async () => {
  for (let n = 1, struck = true; struck; n++) {
    const [before, all] = [
      storage.struck,
      Object.values(storage.calls).reduce((sum, count) => sum + count, 0),
    ];
    storage.replan({ any: { [all + n]: faults.fail() } });
    expect(told(await arena.findings({ minAgeMs: 0, verify: 'checksum' })), `call ${n}`).toEqual(expected);
    struck = storage.struck > before;
  }
});

test('one that makes no way ends with where to go on, and going on there misses nothing', async () => {
  for (let reached = 0; reached < 4; reached++) {
    const findings: ReconcileFinding[] = [];
    const onFinding = (finding: ReconcileFinding) => void findings.push(finding);
    const options = { minAgeMs: 0, pageSize: 1, maxAttempts: 3, onFinding };
    fail('list', (nth) => (nth === 1 ? faults.failListing({ afterObjects: reached }) : faults.fail()));
    const error = await arena.reconcile(options).catch((failure: unknown) => failure);
    const after = reached === 0 ? null : ['a', 'b', 'c', 'e'][reached - 1];
    expect(error).toMatchObject({
      code: 'RECONCILE_INTERRUPTED',
      retryable: true,
      context: { storage: 'media', after },
      cause: { code: 'STORAGE_UNAVAILABLE' },
      report: { lastKey: after, objects: reached },
    });
    storage.heal();
    await arena.reconcile({ ...options, after: after ?? undefined });
    expect(told(findings), `after ${after}`).toEqual(expected);
  }
});

test('so many attempts in a row and no more', async () => {
  fail('list', () => faults.fail());
  const before = storage.calls.list;
  await expect(arena.reconcile({ maxAttempts: 4 })).rejects.toThrow(
    "reconciliation of 'media' ended before the first key",
  );
  expect(storage.calls.list - before).toBe(4);
});

test('a refusal is not tried again', async () => {
  fail('list', () => faults.fail('permanent'));
  const before = storage.calls.list;
  await expect(arena.reconcile()).rejects.toMatchObject({
    code: 'RECONCILE_INTERRUPTED',
    kind: 'permanent',
    cause: { code: 'STORAGE_REFUSED' },
  });
  expect(storage.calls.list - before).toBe(1);
});

test('an object that may not be looked at is an obstacle, neither an orphan nor missing', async () => {
  fail('stat', () => faults.fail('permanent'));
  expect(told(await arena.findings({ minAgeMs: 0 }))).toEqual(
    ['a', 'c', 'd', 'e'].map((key) => ['obstacle', key]),
  );
});

test('a signal ends it, also one that has fired before, and so does a callback that throws', async () => {
  const reason = new Error('enough');
  await expect(arena.reconcile({ signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
    code: 'RECONCILE_INTERRUPTED',
    cause: reason,
    report: { lastKey: null },
  });
  const onFinding = ({ kind }: ReconcileFinding) => {
    if (kind === 'dangling') throw reason;
  };
  await expect(arena.reconcile({ minAgeMs: 0, pageSize: 1, onFinding })).rejects.toMatchObject({
    cause: reason,
    report: { lastKey: 'c', orphans: { count: 2 } },
  });
  const stopped = new AbortController();
  fail('list', () => faults.fail());
  const onProgress = () => stopped.abort(reason);
  const pausing = arena.reconcile({ backoffBaseMs: 60_000, signal: stopped.signal, onProgress });
  stopped.abort(reason);
  await expect(pausing).rejects.toMatchObject({ cause: reason });
});

test('a database that goes away for a moment is asked again', async () => {
  let once = true;
  const onFinding = async () => {
    if (once) await arena.registry.database.disconnectAll();
    once = false;
  };
  const report = await arena.reconcile({ minAgeMs: 0, pageSize: 1, onFinding });
  expect(report).toMatchObject({ orphans: { count: 3 }, dangling: { count: 1 } });
});

test('a listing out of order, or one that gives a key twice, is refused', async () => {
  for (const wrong of [
    ['b', 'a'],
    ['a', 'a'],
    ['\ufffd', '😀', '\uffee'],
  ]) {
    const list: FileStorage['list'] = async function* () {
      for (const key of wrong) yield { key, sizeBytes: 1, ageMs: 1 };
    };
    const { list: real } = storage.inner;
    Object.assign(storage.inner, { list });
    await expect(arena.reconcile({ minAgeMs: 0 })).rejects.toMatchObject({
      kind: 'permanent',
      cause: { code: 'STORAGE_UNUSABLE', message: expect.stringContaining(`lists '${wrong.at(-1)}' behind`) },
    });
    Object.assign(storage.inner, { list: real });
  }
});
