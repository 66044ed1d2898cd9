import type { OwnerTypesOptions, StoredFile } from 'nestjs-file-registry';
import { expect, onTestFinished, test } from 'vitest';
import { untilBlocked } from '../scenarios/support/until-blocked.js';
import { createWatchedRegistry } from './support/watched-registry.js';

const registry = await createWatchedRegistry();
const { database, db, files, pool } = registry;

/** Detaches files that these types held, in this order, and lets a processor with the option work. */
async function drainWith(ownerTypes: OwnerTypesOptions, ...held: string[][]) {
  const stored = await registry.storeMany(held.length);
  for (const [index, types] of held.entries()) {
    for (const type of types) await registry.attach(stored[index]!, '1', `slot ${index}`, type);
    for (const type of types) await registry.detach(stored[index]!, '1', `slot ${index}`, type);
  }
  const other = await registry.another({ ownerTypes, gracePeriodMs: 0, unattachedTtlMs: 0 });
  onTestFinished(() => other.module.close());
  const result = await other.processor.drain();
  const left = await Promise.all(stored.map((file) => registry.hasBytes(file)));
  return { stored, other, result, left };
}

test('files of an ignored type are kept and protected, the others go', async () => {
  const { stored, result, left } = await drainWith(
    { ignore: ['contract', 'deed'] },
    ['contract'],
    ['article'],
    ['deed'],
  );
  expect(result).toMatchObject({ condemned: 1, deleted: 1 });
  expect(left).toEqual([true, false, true]);
  expect(await files.references(stored[0]!)).toEqual([
    expect.objectContaining({ type: 'registry:protection' }),
  ]);
  await registry.assertLaws();
});

test('with only, every other type is kept', async () => {
  const { left } = await drainWith({ only: ['article', 'avatar'] }, ['contract'], ['article'], ['avatar']);
  expect(left).toEqual([true, false, false]);
});

test('of several owners the last one that let go decides', async () => {
  const { left } = await drainWith(
    { ignore: ['contract'] },
    ['contract', 'article'],
    ['article', 'contract'],
  );
  expect(left).toEqual([false, true]);
});

test('what was never attached goes, whatever the types', async () => {
  for (const ownerTypes of [{ ignore: ['article'] }, { only: ['article'] }]) {
    expect((await drainWith(ownerTypes, [])).left).toEqual([false]);
  }
});

test('a kept file can be attached again, and is kept again', async () => {
  const { stored, other, left } = await drainWith({ ignore: ['contract'] }, ['contract']);
  const [file] = stored;
  expect(left).toEqual([true]);
  await registry.attach(file!, '2', 'slot', 'contract');
  await registry.detach(file!, '2', 'slot', 'contract');
  await other.processor.drain();
  expect(await registry.hasBytes(file!)).toBe(true);
  expect(await files.count(file!)).toBe(1);
});

test('unprotect ends it: the file goes after its grace period', async () => {
  const { stored, other } = await drainWith({ ignore: ['contract'] }, ['contract']);
  await db.transaction().execute((trx) => files.in(trx).unprotect(stored[0]!));
  await other.processor.drain();
  expect(await registry.hasBytes(stored[0]!)).toBe(false);
});

test('a hold decides nothing: its release does not let go what a record of an ignored type let go', async () => {
  const other = await registry.another({
    ownerTypes: { ignore: ['contract'] },
    gracePeriodMs: 0,
    unattachedTtlMs: 0,
  });
  onTestFinished(() => other.module.close());
  const change = (verb: 'hold' | 'release', file: StoredFile) =>
    db.transaction().execute(async (trx) => void (await files.in(trx)[verb](file, 'court')));

  for (const settledWhileHeld of [true, false]) {
    const [contract, article] = await registry.storeMany(2);
    for (const [file, type] of [
      [contract!, 'contract'],
      [article!, 'article'],
    ] as const) {
      await registry.attach(file, '1', 'slot', type);
      await change('hold', file);
      await registry.detach(file, '1', 'slot', type);
    }
    if (settledWhileHeld) await other.processor.drain();
    for (const file of [contract!, article!]) await change('release', file);
    await other.processor.drain();

    expect(await registry.hasBytes(contract!), 'the ignored type').toBe(true);
    expect(await files.references(contract!)).toMatchObject([{ type: 'registry:protection' }]);
    expect(await registry.hasBytes(article!), 'any other').toBe(false);
  }
  await registry.assertLaws();
});

test('erase asks nobody', async () => {
  const file = await registry.store();
  await registry.attach(file, '1', 'slot', 'contract');
  await db.transaction().execute((trx) => files.in(trx).erase(file));
  const other = await registry.another({ ownerTypes: { ignore: ['contract'] } });
  onTestFinished(() => other.module.close());
  await other.processor.drain();
  expect(await registry.hasBytes(file)).toBe(false);
});

test('renditions go by their original: kept with one that is kept, gone with one that goes', async () => {
  const renditions = await registry.storeMany(2);
  const originals = await registry.storeMany(2);
  for (const [index, type] of ['contract', 'article'].entries()) {
    await registry.attach(originals[index]!, '1', `slot ${index}`, type);
    await pool.query(
      "insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=s')",
      [renditions[index]!.id, originals[index]!.id],
    );
    await registry.detach(originals[index]!, '1', `slot ${index}`, type);
  }
  for (const ownerTypes of [{ ignore: ['contract'] }, { only: ['article'] }]) {
    const other = await registry.another({ ownerTypes, gracePeriodMs: 0, unattachedTtlMs: 0 });
    onTestFinished(() => other.module.close());
    await other.processor.drain();
    expect(await Promise.all(originals.map((file) => registry.hasBytes(file)))).toEqual([true, false]);
    expect(await Promise.all(renditions.map((file) => registry.hasBytes(file)))).toEqual([true, false]);
  }
  await registry.assertLaws();
});

// A settle is caught between its look at who is held and the end, by a lock on a file that it must protect.
test('a hold that comes in the middle of a settle drops no intent that nobody looked at', async () => {
  const [late, held] = await registry.storeMany(2);
  for (const file of [late!, held!]) await registry.attach(file, '1', 'slot', 'contract');
  await pool.query("select file_registry.hold(array[$1]::uuid[], 'court')", [held!.id]);
  for (const file of [late!, held!]) await registry.detach(file, '1', 'slot', 'contract');

  const settle =
    "select file_registry.settle('detached', 0, 100, '-infinity', 0, array['contract']) as settled";
  const [holding, locking, settling] = [
    await database.begun(),
    await database.begun(),
    await database.begun(),
  ];
  await holding.query("select file_registry.hold(array[$1]::uuid[], 'court')", [late!.id]);
  await locking.query('select from file_registry.files where id = $1 for update', [held!.id]);
  const settled = settling.query(settle);
  await untilBlocked(settling, pool);
  await holding.query('commit');
  await locking.query('rollback');
  expect((await settled).rows[0].settled).toMatchObject({ kept: 1, condemned: 0, failure: null });
  await settling.query('commit');

  await pool.query("select file_registry.release(array[$1]::uuid[], 'court')", [late!.id]);
  await pool.query(settle);
  expect(await files.references(late!)).toMatchObject([{ type: 'registry:protection' }]);
  await registry.assertLaws();
});

test('the release of one of two holds, not due yet, does not hide what a record of an ignored type let go', async () => {
  const [file] = await registry.storeMany(1);
  await registry.attach(file!, '1', 'slot', 'contract');
  for (const reason of ['court', 'audit'])
    await pool.query('select file_registry.hold(array[$1]::uuid[], $2)', [file!.id, reason]);
  await registry.detach(file!, '1', 'slot', 'contract');
  await registry.passTime('2 hours');
  const release = (reason: string) =>
    pool.query('select file_registry.release(array[$1]::uuid[], $2)', [file!.id, reason]);
  const settle = (periodMs: number) =>
    pool.query("select file_registry.settle('detached', $1, 100, '-infinity', 0, array['contract'])", [
      periodMs,
    ]);

  await release('court');
  await settle(3_600_000);
  await release('audit');
  await settle(0);
  expect(await registry.hasBytes(file!)).toBe(true);
  expect(await files.references(file!)).toMatchObject([{ type: 'registry:protection' }]);
});
