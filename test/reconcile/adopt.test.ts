import { randomUUID } from 'node:crypto';
import { type FileStorage, StorageRefusedError } from 'nestjs-file-registry';
import { faults, faultyStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { Arena, arenaOver, day } from './support/arena.js';

const arena = await arenaOver(faultyStorage(memoryStorage({ versioned: true })));
const { registry, storage } = arena;
const memory = storage.inner as ReturnType<typeof memoryStorage>;
const adopting = { fix: 'adopt', minAgeMs: 0, force: true } as const;

beforeEach(async () => {
  storage.heal();
  await arena.clear();
});

const rows = () => registry.tables.selectFrom('files').selectAll().orderBy('key').execute();

/** Swaps one method of the storage for as long as the work takes. */
async function withMethod<Result>(
  method: Partial<FileStorage>,
  work: () => Promise<Result>,
): Promise<Result> {
  Object.assign(memory, method);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(method)) Reflect.deleteProperty(memory, name);
  }
}

test('an orphan becomes a file with an intent, goes after unattachedTtlMs, bytes and all, with a receipt', async () => {
  await arena.put('old/Summer 1.jpg', 'four');
  expect(await arena.reconcile(adopting)).toMatchObject({
    adopted: 1,
    adoptedBytes: 4,
    recovered: 0,
    left: 0,
  });
  const [file] = await rows();
  expect(file).toMatchObject({
    storage: 'media',
    key: 'old/Summer 1.jpg',
    filename: 'Summer 1.jpg',
    content_type: 'image/jpeg',
    size: '4',
    checksum: null,
    version_id: (await memory.stat({ key: 'old/Summer 1.jpg' }))?.versionId,
  });
  expect(await registry.processor.stats()).toMatchObject({ pending: 1 });

  await registry.passTime('23 hours');
  await registry.processor.drain();
  expect(memory.keys()).toEqual(['old/Summer 1.jpg']);
  await registry.passTime('2 hours');
  expect(await registry.processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });
  expect(memory.keys()).toEqual([]);
  expect(await registry.deletion({ id: file?.id ?? '' })).toMatchObject({
    state: 'deleted',
    reason: 'stored',
  });
  await arena.assertLaws();
});

test('whoever attaches an adopted file within the period keeps it, and after a detach restore brings it back', async () => {
  await arena.put('old/attached');
  await arena.put('old/protected');
  await arena.put('old/unwanted');
  await arena.reconcile(adopting);
  const [attached, guarded] = await Promise.all((await rows()).map(({ id }) => registry.files.find(id)));
  if (!attached || !guarded) throw new Error('both were adopted');
  await registry.attach(attached, '1');
  await registry.db.transaction().execute((trx) => registry.files.in(trx).protect(guarded));
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(memory.keys()).toEqual(['old/attached', 'old/protected']);

  await registry.detach(attached, '1');
  await registry.db.transaction().execute((trx) => registry.files.in(trx).restore(attached));
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(memory.keys()).toEqual(['old/attached', 'old/protected']);
  expect(await arena.findings({ minAgeMs: 0 })).toEqual([]);
});

test('the write of an upload that landed after its receipt is found, adopted, and gone after the period', async () => {
  storage.replan({ write: faults.hang() });
  const stalled = registry.store('late', 'photo.jpg').catch((error: unknown) => error);
  await storage.untilWaiting();
  storage.replan({});
  const { key, file_id: id } = await registry.tables
    .selectFrom('deletions')
    .selectAll()
    .executeTakeFirstOrThrow();
  for (let pass = 0; pass < 3; pass++) {
    await registry.passTime('2 hours');
    await registry.processor.drain();
  }
  expect(await registry.deletion({ id })).toMatchObject({ state: 'deleted' });
  await arena.put(key, 'late'); // as a stalled write whose process is dead

  expect(await arena.findings({ minAgeMs: 0 })).toMatchObject([{ kind: 'orphan', key }]);
  expect(await arena.reconcile(adopting)).toMatchObject({ adopted: 1 });
  expect(await rows()).toMatchObject([{ key, filename: 'photo.jpg', content_type: 'image/jpeg' }]);
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(memory.keys()).toEqual([]);
  await arena.assertLaws();
  storage.heal();
  await stalled;
});

test('a key whose receipt is kept is accounted for, and adopted when that is forgotten', async () => {
  await arena.put('old/again');
  await arena.reconcile(adopting);
  await registry.passTime('25 hours');
  await registry.processor.drain();
  await arena.put('old/again');
  expect(await arena.findings({ minAgeMs: 0 })).toEqual([]);
  await registry.passTime('31 days');
  await registry.processor.drain();
  expect(await arena.reconcile(adopting)).toMatchObject({ adopted: 1 });
});

describe('between the scan and the adoption', () => {
  /** Acts when the pass is over and nothing is adopted yet: as the last orphan is told of. */
  const acting = (act: () => Promise<unknown>) => ({
    ...adopting,
    onFinding: async ({ kind, ...found }: { kind: string; key?: string }) => {
      if (kind === 'orphan' && found.key === 'z') await act();
    },
  });

  beforeEach(async () => {
    await arena.put('a');
    await arena.put('z');
  });

  test('a file that somebody adopts and attaches stays what it is', async () => {
    const report = await arena.reconcile(
      acting(async () => registry.attach(await registry.files.adopt('a'), 'mine')),
    );
    expect(report).toMatchObject({ orphans: { count: 2 }, adopted: 1, recovered: 1 });
    await registry.passTime('25 hours');
    await registry.processor.drain();
    expect(memory.keys()).toEqual(['a']);
    await arena.assertLaws();
  });

  test('a file that is adopted while its orphan is looked at wins, and so does its reference', async () => {
    const { stat } = memory;
    let looks = 0;
    const report = await withMethod(
      {
        stat: async (object) => {
          const stored = await stat.call(memory, object);
          // The third look is the first of the adoption.
          if (++looks === 3) await registry.attach(await registry.files.adopt('a'), 'mine');
          return stored;
        },
      },
      () => arena.reconcile({ ...adopting, concurrency: 1 }),
    );
    expect(report).toMatchObject({ adopted: 1, recovered: 1 });
    await registry.passTime('25 hours');
    await registry.processor.drain();
    expect(memory.keys()).toEqual(['a']);
  });

  test('an object that goes is not adopted', async () => {
    expect(await arena.reconcile(acting(() => arena.lose('a')))).toMatchObject({ adopted: 1, recovered: 1 });
    expect((await rows()).map(({ key }) => key)).toEqual(['z']);
  });

  test('an object that is written anew is young again, and is not adopted', async () => {
    memory.passTime(2 * day);
    const again = async () => {
      await arena.lose('a');
      await arena.put('a', 'new');
    };
    const report = await arena.reconcile({ ...acting(again), minAgeMs: day });
    expect(report).toMatchObject({ orphans: { count: 2 }, adopted: 1, recovered: 1 });
    expect((await rows()).map(({ key }) => key)).toEqual(['z']);
  });

  test('an object that grows is adopted with the size and the version it has then', async () => {
    const replace = async () => {
      await arena.lose('a');
      await arena.put('a', 'longer');
    };
    await arena.reconcile(acting(replace));
    expect((await rows())[0]).toMatchObject({
      key: 'a',
      size: '6',
      version_id: (await memory.stat({ key: 'a' }))?.versionId,
    });
  });

  test('an upload that reserves the very key keeps it', async () => {
    const id = randomUUID();
    const key = `2026/01/01/00/${id}-photo.jpg`;
    await arena.put(key);
    const report = await arena.reconcile(
      acting(() =>
        registry.pool.query(`select file_registry.reserve($1, 'media', $2, null, 3600000)`, [id, key]),
      ),
    );
    expect(report).toMatchObject({ orphans: { count: 3 }, adopted: 2, recovered: 1 });
  });
});

test('an orphan that may not be looked at again is left alone and is an obstacle, not one that was none', async () => {
  await arena.put('old/forbidden');
  const stat = memory.stat.bind(memory);
  let looks = 0;
  const refusing: FileStorage['stat'] = (object) => {
    if (++looks > 1) throw new StorageRefusedError('Access denied. Allow it.');
    return stat(object);
  };
  const report = await withMethod({ stat: refusing }, () => arena.reconcile(adopting));
  expect(report).toMatchObject({
    adopted: 0,
    obstacles: {
      count: 1,
      samples: [{ path: 'old/forbidden', problem: expect.stringContaining('Allow it') }],
    },
  });
  expect(await rows()).toEqual([]);
});

test('two reconcilers at once adopt each orphan once, and neither fails', async () => {
  for (let n = 0; n < 450; n++) await arena.put(`stray/${n}`);
  const [one, other] = await Promise.all([arena.reconcile(adopting), arena.reconcile(adopting)]);
  expect(one.adopted + other.adopted).toBe(450);
  expect(await rows()).toHaveLength(450);
  await arena.assertLaws();
});

test('a lost answer of an adoption is no lost adoption', async () => {
  await arena.put('a');
  await arena.put('b');
  const { database } = arena.reconciler as unknown as {
    database: { step: (name: string) => Promise<unknown> };
  };
  const { step } = database;
  let lost = false;
  Object.assign(database, {
    step: async (name: string, ...rest: unknown[]) => {
      const answer = await Reflect.apply(step, database, [name, ...rest]);
      if (name !== 'adopt_objects' || lost) return answer;
      lost = true;
      throw new Error('the connection broke');
    },
  });
  const report = await arena.reconcile(adopting);
  Reflect.deleteProperty(database, 'step');
  expect(lost).toBe(true);
  expect(report).toMatchObject({ adopted: 2, adoptedBytes: 2, recovered: 0 });
});

test('the content type that the storage keeps is taken where it is one', async () => {
  for (const key of ['1.jpg', '2.jpg', '3']) await arena.put(key);
  const { stat } = memory;
  const types: Record<string, string | undefined> = {
    '1.jpg': 'application/pdf',
    '2.jpg': 'no type',
    '3': undefined,
  };
  await withMethod(
    {
      stat: async (object) => {
        const stored = await stat.call(memory, object);
        return stored === null ? null : { ...stored, contentType: types[object.key] };
      },
    },
    () => arena.reconcile(adopting),
  );
  expect((await rows()).map((row) => row.content_type)).toEqual([
    'application/pdf',
    'image/jpeg',
    'application/octet-stream',
  ]);
});

test('a run that is interrupted while it adopts says how far it came, and the next one does the rest', async () => {
  for (let n = 0; n < 300; n++) await arena.put(`stray/${String(n).padStart(3, '0')}`);
  const before = storage.calls.stat;
  storage.replan({ stat: ({ number }) => (number - before > 300 + 250 ? faults.fail() : undefined) });
  await expect(arena.reconcile({ ...adopting, maxAttempts: 2 })).rejects.toMatchObject({
    code: 'RECONCILE_INTERRUPTED',
    message: expect.stringContaining('200 orphans were adopted. Run it again from the start.'),
    report: { adopted: 200 },
  });
  storage.heal();
  expect(await new Arena(registry, storage, undefined).reconcile(adopting)).toMatchObject({ adopted: 100 });
});
