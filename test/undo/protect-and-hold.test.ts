import { expect, test } from 'vitest';
import type { FileTransaction } from 'nestjs-file-registry';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor, db } = registry;

function inTransaction<Result>(work: (files: FileTransaction) => Promise<Result>): Promise<Result> {
  return db.transaction().execute((trx) => work(files.in(trx)));
}

async function survives(file: Parameters<typeof registry.hasBytes>[0]): Promise<boolean> {
  await registry.passTime('25 hours');
  await processor.drain();
  return registry.hasBytes(file);
}

test('a protected file survives every detach, and goes when its protection ends', async () => {
  const file = await registry.store();
  await inTransaction((trx) => trx.protect(file));
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  expect(await survives(file)).toBe(true);

  await inTransaction((trx) => trx.unprotect(file));
  expect(await survives(file)).toBe(false);
  await registry.assertLaws();
});

test('protecting, unprotecting, holding and releasing again change nothing', async () => {
  const file = await registry.store();
  expect(await inTransaction((trx) => trx.protect([file, file]))).toEqual({ attached: 1 });
  expect(await inTransaction((trx) => trx.protect(file))).toEqual({ attached: 0 });
  expect(await inTransaction((trx) => trx.hold(file, 'litigation'))).toEqual({ attached: 1 });
  expect(await inTransaction((trx) => trx.hold(file, 'litigation'))).toEqual({ attached: 0 });
  expect(await inTransaction((trx) => trx.release(file, 'another'))).toEqual({ detached: 0 });
  expect(await inTransaction((trx) => trx.release(file))).toEqual({ detached: 1 });
  expect(await inTransaction((trx) => trx.release(file))).toEqual({ detached: 0 });
  expect(await inTransaction((trx) => trx.unprotect(file))).toEqual({ detached: 1 });
  expect(await inTransaction((trx) => trx.unprotect(file))).toEqual({ detached: 0 });
});

test('each reason is a hold of its own, and the file stays until the last is released', async () => {
  const file = await registry.store();
  await inTransaction((trx) => trx.hold(file, 'one'));
  await inTransaction((trx) => trx.hold(file, 'two'));
  await inTransaction((trx) => trx.release(file, 'one'));
  expect(await survives(file)).toBe(true);
  await inTransaction((trx) => trx.release(file, 'two'));
  expect(await survives(file)).toBe(false);
});

test('restore brings back neither a protection nor a hold', async () => {
  const file = await registry.store();
  await inTransaction((trx) => trx.protect(file));
  await inTransaction((trx) => trx.hold(file, 'matter'));
  await inTransaction((trx) => trx.unprotect(file));
  await inTransaction((trx) => trx.release(file));
  expect(await inTransaction((trx) => trx.restore(file))).toEqual({ restored: 0 });
});

test.for([undefined, null, '', 'x'.repeat(256), 'a\0b', '\ud800', 42])(
  'the reason %j of a hold is refused before anything is sent',
  async (reason) => {
    const file = await registry.store();
    await expect(inTransaction((trx) => trx.hold(file, reason as string))).rejects.toMatchObject({
      code: 'INVALID_HOLD_REASON',
    });
  },
);
