import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { forkTypeScript } from '../support/fork-typescript.js';
import { killPoints } from './support/kill-points.js';

const registry = await createTestRegistry();
const { database, media, pool, processor } = registry;

test.for(killPoints)('a process that is killed %s leaks nothing and loses nothing', async (point) => {
  const kept = await registry.store('kept');
  await registry.attach(kept, 'kept');
  for (const id of ['one', 'two', 'three']) {
    const file = await registry.store(id);
    await registry.attach(file, id);
    await registry.detach(file, id);
  }
  await registry.passTime('25 hours');

  const doomed = forkTypeScript(new URL('./support/doomed-process.ts', import.meta.url), [
    database.connectionString,
    media.path,
    point,
  ]);
  await once(doomed, 'message');
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  await registry.assertLaws();
  expect(await registry.hasBytes(kept)).toBe(true);

  // What it stored or was deleting waits for the reservation, the lease and the second deletion of an upload.
  for (let pass = 0; pass < 3; pass++) {
    await registry.passTime('25 hours');
    expect(await processor.drain()).toMatchObject({ failed: 0, unsettled: 0, lostLeases: 0 });
  }
  await registry.assertLaws();
  expect(await media.files()).toEqual([kept.key]);
  expect(await processor.stats()).toMatchObject({ pending: 0, reserved: 0, condemned: 0, stuck: 0 });

  await pool.query('delete from file_registry.file_references');
  await registry.passTime('25 hours');
  await processor.drain();
  expect(await media.files()).toEqual([]);
});
