import { expect, test } from 'vitest';
import { localStorage } from 'nestjs-file-registry';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { assertLaws } from '../support/assert-laws.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { ScriptedMaker } from './support/scripted-maker.js';
const archive = await createTemporaryFolder('archive');
const media2 = await createTemporaryFolder('media2');
const registry = await createTestRegistry({ gracePeriodMs: 0, defaultStorage: 'media', storages: { media: localStorage({ root: media2.path }), archive: localStorage({ root: archive.path }) }, renditions: { maker: new ScriptedMaker(), failureTtlMs: 1000 } });
const { files, processor, db } = registry;
const lawful = new Map<string, number>();
test('all at once', { timeout: 150_000 }, async () => {
  const end = Date.now() + 30_000; let rounds = 0;
  while (Date.now() < end) {
    rounds++;
    const original = await registry.store('o'); await registry.attach(original, original.id);
    const small = await files.rendition(original, 'size=1');
    const tx = (f: (v: any) => Promise<unknown>) => () => db.transaction().execute((trx) => f(files.in(trx)));
    const calls: (() => Promise<unknown>)[] = [
      () => files.storeRendition(original, 'size=1', Buffer.from('s')),
      () => files.rendition(small, 'filter=a'),
      () => files.rendition(original, 'size=2'),
      tx((v) => v.deleteRenditions(original)),
      tx((v) => v.restore(small)),
      tx((v) => v.restore({ type: 'article', id: original.id })),
      () => (files as any).move(original, 'archive'),
      () => (files as any).move(small, 'archive'),
      () => processor.drain(), () => processor.drain(),
      () => files.storeRendition(small, 'filter=a', Buffer.from('s')),
      () => files.warm as any && files.rendition(small, 'filter=a'),
      tx((v) => v.detach(original, { type: 'article', id: original.id, slot: 'cover' })),
      ...(rounds % 3 === 0 ? [tx((v) => v.erase(rounds % 2 ? original : small))] : []),
    ];
    calls.sort(() => Math.random() - 0.5);
    const out = await Promise.allSettled(calls.map((c) => c()));
    for (const o of out) if (o.status === 'rejected') { const k = `${o.reason?.code} ${o.reason?.constructor?.name}`; if (!lawful.has(k)) console.log(k, o.reason?.message, o.reason?.cause?.message); lawful.set(k, (lawful.get(k) ?? 0) + 1); }
    await assertLaws({ admin: registry.pool, storages: { media: media2.path, archive: archive.path } });
  }
  console.log(rounds, [...lawful]);
  for (let i = 0; i < 5; i++) { await registry.passTime('25 hours'); await processor.drain(); }
  const { rows } = await registry.pool.query(`select (select count(*) from file_registry.files f where not exists (select from file_registry.file_references r where r.file_id=f.id)) as loose, (select count(*) from file_registry.rendition_leases where error is null) as leases, (select json_agg(d) from (select state, reason, count(*) from file_registry.deletions group by 1,2) d) as deletions`);
  console.log(JSON.stringify(rows));
  await assertLaws({ admin: registry.pool, storages: { media: media2.path, archive: archive.path } });
  expect(1).toBe(1);
});
