import type { DrainResult } from '../outbox/drain-result.js';
import type { OutboxProcessor } from '../outbox/outbox-processor.js';
import { type ModuleContext, processorOf } from './module-context.js';

/**
 * Settles and deletes until nothing is due any more, in place of the schedule, and answers what was done. Periods and
 * backoffs hold as ever: a test that wants files to go at once configures `gracePeriodMs: 0` and `unattachedTtlMs: 0`.
 * Never inside a transaction: what is not committed is not seen.
 *
 * ```ts
 * await articles.remove(id);
 * await drainAll(app);
 * expect(media.keys()).toEqual([]);
 * ```
 *
 * @throws ProcessorStoppedError after the application was closed; DatabaseUnavailableError.
 */
export function drainAll(context: ModuleContext | OutboxProcessor): Promise<DrainResult> {
  return processorOf(context).drain();
}
