import { Logger } from '@nestjs/common';
import { trackFileColumn } from 'nestjs-file-registry';
import { expect, test, vi } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

// What no trigger can see is told by the processors, once and not at each sweep.
const { pool, registry } = await createTrackedTest('', { processor: { sweepIntervalMs: 0 } });

/** What two sweeps warn of. */
async function warnings(): Promise<string[]> {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  await registry.processor.tick();
  await registry.processor.tick();
  const told = warn.mock.calls.map(([message]) => String(message));
  warn.mockRestore();
  return told;
}

test.for([
  [
    'columns that exchanged their names',
    'rename cover to old_cover; alter table %s rename other_cover to cover',
  ],
  [
    'a table that was put in the place of the tracked one',
    'rename to old_%s; create table %s (like old_%s including all)',
  ],
  ['triggers that are off', 'disable trigger user'],
  ['a table that is unlogged', 'set unlogged'],
] as const)('processors warn of %s', async ([title, change]) => {
  const table = `article_${title.length}`;
  await pool.query(`create table ${table} (id integer primary key, cover uuid, other_cover uuid)`);
  await trackFileColumn(pool, { table, column: 'cover' });
  expect(await warnings()).toEqual([]);

  await pool.query(`alter table ${table} ${change.replaceAll('%s', table)}`);
  const state = title.endsWith('off') ? 'disabled' : title.endsWith('unlogged') ? 'unlogged' : 'renamed';
  expect(await warnings()).toEqual([
    `The tracked column public.${table}.cover is ${state}: what its rows name may be held by nobody. See trackedColumns().`,
  ]);
  await pool.query('delete from file_registry.tracked_columns');
});
