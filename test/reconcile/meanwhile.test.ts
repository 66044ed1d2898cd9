import { Readable } from 'node:stream';
import type { ReconcileFinding, StoredFile } from 'nestjs-file-registry';
import { faults, faultyStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { arenaOver } from './support/arena.js';

const arena = await arenaOver(faultyStorage(memoryStorage()));
const { registry, storage } = arena;

beforeEach(async () => {
  storage.heal();
  await arena.clear();
});

/** Lets something happen at one moment of a pass: when that call to the storage has done its work and waits with its answer. */
async function during(
  kind: 'list' | 'stat',
  act: () => Promise<unknown>,
  options: object = {},
): Promise<ReconcileFinding[]> {
  storage.replan({ [kind]: faults.late() });
  const findings = arena.findings({ minAgeMs: 0, ...options });
  await storage.untilWaiting();
  storage.replan({});
  await act();
  storage.heal();
  return findings;
}

/** The same between two objects of the listing, with a step for each of them and the rows read before. */
async function between(act: () => Promise<unknown>): Promise<ReconcileFinding[]> {
  const { list } = storage.inner;
  let acted = false;
  Object.assign(storage.inner, {
    list: async function* (options: object) {
      for await (const object of list.call(storage.inner, options)) {
        if (!acted) {
          acted = true;
          await act();
        }
        yield object;
      }
    },
  });
  try {
    const findings = await arena.findings({ minAgeMs: 0 });
    expect(acted).toBe(true);
    return findings;
  } finally {
    Object.assign(storage.inner, { list });
  }
}

async function goes(file: StoredFile): Promise<void> {
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted' });
}

describe('no false alarm', () => {
  test.for([0, 1, 2, 3])(
    'when files are stored between two objects, behind and before the listing (%i there)',
    async (count) => {
      await arena.put('0');
      const before = await Promise.all(Array.from({ length: count }, () => registry.store()));
      const found = await between(() => Promise.all([registry.store(), registry.store(), registry.store()]));
      expect(found.map((finding) => 'key' in finding && finding.key)).toEqual(['0']);
      expect(before).toHaveLength(count);
    },
  );

  test('when files go, with receipts and all, after the listing was read', async () => {
    const files = [await registry.store(), await registry.store(), await registry.store()];
    expect(await between(() => Promise.all(files.map((file) => registry.attach(file, file.id))))).toEqual([]);
    for (const file of files) await registry.detach(file, file.id);
    expect(await between(() => goes(files[2] as StoredFile))).toEqual([]);
  });

  test('when a file is gone from the rows, and then from the storage, while it is looked at', async () => {
    const [kept, file] = [await registry.store(), await registry.store()];
    await registry.attach(kept, 'kept');
    await arena.lose(file.key);
    expect(await during('stat', () => goes(file))).toEqual([]);
    expect(await arena.findings()).toEqual([]);
  });

  test('when an orphan is taken away while the rows are asked', async () => {
    await arena.put('stray');
    const { list } = storage.inner;
    Object.assign(storage.inner, {
      list: async function* () {
        yield { key: 'stray', sizeBytes: 1, ageMs: 1 };
        await arena.lose('stray');
      },
    });
    expect(await arena.findings({ minAgeMs: 0 })).toEqual([]);
    Object.assign(storage.inner, { list });
  });

  test('when an orphan is written anew while it is looked at', async () => {
    await arena.put('stray');
    (storage.inner as ReturnType<typeof memoryStorage>).passTime(10_000);
    const { stat } = storage.inner;
    Object.assign(storage.inner, {
      stat: async (object: { key: string }) => {
        await arena.lose('stray');
        await arena.put('stray');
        return stat.call(storage.inner, object);
      },
    });
    const report = await arena.reconcile({ minAgeMs: 10_000 });
    Object.assign(storage.inner, { stat });
    expect(report).toMatchObject({ young: 1, orphans: { count: 0 } });
  });

  test('while an upload has all its bytes and no row of a file yet', async () => {
    storage.replan({ write: faults.late() });
    const storing = registry.store();
    await storage.untilWaiting();
    storage.replan({});
    expect(await arena.reconcile({ minAgeMs: 0 })).toMatchObject({
      objects: 1,
      young: 0,
      orphans: { count: 0 },
    });
    storage.heal();
    await storing;
  });

  test('while an upload is under way, and while its deletion is due', async () => {
    const content = new Readable({ read() {} });
    content.push('half');
    const storing = registry.files.store(content);
    content.push(null);
    const file = await storing;
    await registry.passTime('25 hours');
    storage.replan({ delete: faults.fail() });
    await registry.processor.drain();
    expect(await registry.deletion(file)).toMatchObject({ state: 'condemned' });
    expect(await arena.findings({ minAgeMs: 0 })).toEqual([]);
  });

  test('while files come and go at every moment of the pass', async () => {
    for (let n = 0; n < 20; n++) await registry.store();
    let going = true;
    const churn = async () => {
      while (going) {
        await registry.store();
        await registry.passTime('25 hours');
        await registry.processor.drain();
      }
    };
    const churning = churn();
    for (let pass = 0; pass < 20; pass++) {
      const options = { minAgeMs: 0, pageSize: 1 + (pass % 3), verify: 'checksum' as const };
      expect(await arena.findings(options)).toEqual([]);
    }
    going = false;
    await churning;
  });
});

describe('what is real is found all the same', () => {
  test('a file whose bytes are lost in the middle of the pass', async () => {
    const files = [await registry.store(), await registry.store()];
    for (const file of files) await registry.attach(file, file.id);
    const found = await between(() => arena.lose(...files.map(({ key }) => key)));
    expect(found.filter(({ kind }) => kind === 'dangling').length).toBeGreaterThan(0);
    expect((await arena.findings()).map(({ kind }) => kind)).toEqual(['dangling', 'dangling']);
  });

  test('a file whose bytes go while they are read', async () => {
    const file = await registry.store();
    storage.replan({ read: ({ number }) => (number > 0 ? faults.hang() : undefined) });
    const findings = arena.findings({ verify: 'checksum' });
    await storage.untilWaiting();
    await arena.lose(file.key);
    storage.heal();
    expect(await findings).toMatchObject([{ kind: 'dangling', fileId: file.id }]);
  });
});
