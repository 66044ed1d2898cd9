import { expect, onTestFinished, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
const registry = await createWatchedRegistry();
const { db, files, pool } = registry;
test('hold', async () => {
  const [file] = await registry.storeMany(1);
  await registry.attach(file!, '1', 's', 'contract');
  const holding = await db.transaction().execute((trx) => files.in(trx).hold(file!, 'court'));
  await registry.detach(file!, '1', 's', 'contract');
  const other = await registry.another({ ownerTypes: { ignore: ['contract'] }, gracePeriodMs: 0, unattachedTtlMs: 0 });
  onTestFinished(() => other.module.close());
  await other.processor.drain();
  await db.transaction().execute((trx) => files.in(trx).release(file!, 'court'));
  const r = await other.processor.drain();
  console.log(r, await files.references(file!), await registry.hasBytes(file!));
});
test('hold, released before the settle', async () => {
  const [file] = await registry.storeMany(1);
  await registry.attach(file!, '1', 's', 'contract');
  await db.transaction().execute((trx) => files.in(trx).hold(file!, 'court'));
  await registry.detach(file!, '1', 's', 'contract');
  await db.transaction().execute((trx) => files.in(trx).release(file!, 'court'));
  const other = await registry.another({ ownerTypes: { ignore: ['contract'] }, gracePeriodMs: 0, unattachedTtlMs: 0 });
  onTestFinished(() => other.module.close());
  const r = await other.processor.drain();
  console.log(r, await files.references(file!), await registry.hasBytes(file!));
});
