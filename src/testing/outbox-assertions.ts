import { AssertionError } from 'node:assert';
import type { OutboxProcessor } from '../outbox/outbox-processor.js';
import type { OutboxStats } from '../outbox/outbox-stats.js';
import { type ModuleContext, processorOf } from './module-context.js';

/**
 * Checks chosen numbers of the outbox and prints all of them where one differs.
 *
 * ```ts
 * await assertPending(app, { pending: 1, due: 0, condemned: 0 });   // the grace period is not over
 * ```
 *
 * @throws AssertionError of `node:assert`; DatabaseUnavailableError.
 */
export async function assertPending(
  context: ModuleContext | OutboxProcessor,
  expected: Partial<OutboxStats>,
): Promise<void> {
  const stats = await processorOf(context).stats();
  const names = Object.keys(expected) as (keyof OutboxStats)[];
  const different = names.filter((name) => expected[name] !== undefined && stats[name] !== expected[name]);
  if (different.length === 0) return;
  const lines = different.map((name) => `${name}: ${stats[name]} instead of ${expected[name]}`);
  throw new AssertionError({
    message: `The outbox is not as expected:\n  ${lines.join('\n  ')}\nThe whole of it: ${JSON.stringify(stats)}`,
    actual: Object.fromEntries(names.map((name) => [name, stats[name]])),
    expected,
    operator: 'assertPending',
  });
}

/** What is left to do, by its number in the statistics, and what to do about it. */
const unsettled: readonly (readonly [string, (stats: OutboxStats) => number, string])[] = [
  [
    'intent(s) due',
    ({ due }) => due,
    'drain first; one that stays due has its file locked by an open transaction',
  ],
  [
    'intent(s) of an unknown reason',
    ({ unknownReasons }) => unknownReasons,
    'a newer version wrote them, and this one never settles them',
  ],
  [
    'deletion(s) under way',
    ({ condemned, stuck }) => Math.max(0, condemned - stuck),
    'waiting for the next try after a failure, for the second deletion of an upload that was given up, or leased',
  ],
  [
    'deletion(s) stuck',
    ({ stuck }) => stuck,
    'refused for good or out of attempts: see last_error, then retryStuck()',
  ],
  [
    'upload(s) reserved',
    ({ reserved }) => reserved,
    'still under way, or their process died and uploadTtlMs is not over',
  ],
];

/**
 * Checks that nothing is left to do: nothing due, under way, stuck or reserved. Intents whose period is not over are no work
 * yet and are allowed, and so are receipts.
 *
 * ```ts
 * afterEach(async () => {
 *   await drainAll(app);
 *   await assertSettled(app);
 * });
 * ```
 *
 * @throws AssertionError of `node:assert`, which lists what is left and why that may be; DatabaseUnavailableError.
 */
export async function assertSettled(context: ModuleContext | OutboxProcessor): Promise<void> {
  const stats = await processorOf(context).stats();
  const left = unsettled
    .map(([what, count, hint]) => ({ what, count: count(stats), hint }))
    .filter(({ count }) => count > 0);
  if (left.length === 0) return;
  const lines = left.map(({ what, count, hint }) => `${count} ${what}: ${hint}`);
  throw new AssertionError({
    message: `The registry is not settled:\n  ${lines.join('\n  ')}`,
    actual: stats,
    operator: 'assertSettled',
  });
}
