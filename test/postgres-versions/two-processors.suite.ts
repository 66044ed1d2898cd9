import { expect, test } from 'vitest';
import { createOrdinaryDatabase } from './support/ordinary-database.js';
import { OrdinaryRegistry } from './support/ordinary-registry.js';

const { database, application, admin } = await createOrdinaryDatabase();
const processor = { batchSize: 20 };
const first = await OrdinaryRegistry.boot({ pool: database.pool({ role: application }), admin, processor });
const second = await OrdinaryRegistry.boot({
  pool: database.pool({ role: application }),
  admin,
  processor,
  media: first.media,
});

test('two processors share 500 files while owners come and go, and lose and leave none', async () => {
  const stored = await Promise.all(Array.from({ length: 500 }, (_, n) => first.store(`bytes ${n}`)));
  const owner = (n: number) => ({ type: 'article', id: String(n), slot: 'gallery' });
  const kept = stored.slice(0, 100);
  const detached = stored.slice(100, 200);
  const contested = stored.slice(200, 300);
  await first.attach(kept, owner(1));
  await first.attach(detached, owner(2));
  await first.detach(detached, owner(2));
  await first.passTime('25 hours');

  // Each of the contested is either attached in time and stays, or condemned first and refuses.
  const attaching = Promise.allSettled(
    contested.map((file, n) => (n % 2 ? first : second).attach(file, owner(1000 + n))),
  );
  const passes = await Promise.all([first.processor.drain(), second.processor.drain()]);
  const won = (await attaching).map((outcome) => outcome.status === 'fulfilled');
  const last = await first.processor.drain();

  const staying = [...kept, ...contested.filter((_, n) => won[n])];
  const deleted = [...passes, last].reduce((sum, pass) => sum + pass.deleted, 0);
  expect(deleted).toBe(500 - staying.length);
  expect((await first.media.files()).length).toBe(staying.length);
  expect((await first.files.find(staying)).filter((file) => file === null)).toEqual([]);
  await first.assertLaws();

  const asked = [...first.deletedKeys, ...second.deletedKeys];
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked.length).toBe(deleted);
});
