import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { forkTypeScript } from '../support/fork-typescript.js';
import { type DoomedPoint, doomedPoints } from './support/doomed-points.js';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { articles, registry } = parity;
const { database, media, pool, processor, files } = registry;

describe('what none of them does', () => {
  describe('a process that is killed leaks nothing and loses nothing', () => {
    test.for(Object.entries(doomedPoints))('%s', async ([point, has]) => {
      await pool.query('truncate article restart identity');
      const [old, kept] = [await registry.store('old'), await registry.store('kept')];
      const id = await articles.publish(old);
      await articles.publish(kept);
      await parity.graceEnds();

      await killAt(point as DoomedPoint);
      await registry.assertLaws();
      const cover = await articles.coverOf(id);
      expect(cover === old.id ? 'old' : 'new').toBe(has);
      const { rows } = await pool.query('select title from article where id = $1', [id]);
      expect(rows[0].title, 'the record says the same').toBe(has === 'old' ? 'News' : 'With another cover');

      // The lease, the reservation and the second deletion of an upload each run out once.
      for (let pass = 0; pass < 3; pass++) await parity.graceEnds();
      await registry.assertLaws();
      expect(await articles.coverOf(id)).toBe(cover);
      const left = await files.find([cover ?? '', kept.id]);
      expect(await media.files()).toEqual(left.map((file) => file?.key).toSorted());
      expect(await processor.stats()).toMatchObject({ pending: 0, reserved: 0, condemned: 0, stuck: 0 });
    });
  });
});

async function killAt(point: DoomedPoint): Promise<void> {
  const doomed = forkTypeScript(new URL('./support/doomed-process.ts', import.meta.url), [
    database.connectionString,
    media.path,
    point,
  ]);
  const ended = once(doomed, 'exit');
  await Promise.race([once(doomed, 'message'), ended]);
  expect(doomed.exitCode, `it came to the point ${point}`).toBeNull();
  doomed.kill('SIGKILL');
  await ended;
}
