import { textArray } from '../database/call.js';
import { keyFault } from '../storage/assert-key.js';
import { isHiddenKey } from '../storage/is-hidden-key.js';
import type { ListedObject } from '../storage/storage.js';
import { lookAt } from './look-at.js';
import { mapLimited } from './map-limited.js';
import type { ReconcileContext } from './reconcile-context.js';
import type { ReconcileFinding } from './reconcile-report.js';
import { retrying } from './retrying.js';

/**
 * Which of the objects that no page of files showed are orphans. A row that accounts for an object is written before its first
 * byte and goes after its last, so an object that is listed, then not accounted for, and then still there, has no row.
 */
export async function confirmOrphans(
  context: ReconcileContext,
  objects: readonly ListedObject[],
): Promise<ReconcileFinding[]> {
  const { options, database, tally } = context;
  const findings: ReconcileFinding[] = [];
  const usable = objects.filter(({ key }) => {
    const fault = keyFault(key);
    if (fault !== undefined) findings.push({ kind: 'obstacle', path: key, problem: fault });
    return fault === undefined && !isHiddenKey(key);
  });
  if (usable.length === 0) return findings;

  const accounted = new Set(
    await retrying(options, () =>
      database.call<readonly string[]>('accounted_keys', [
        ['text', options.storage],
        textArray(usable.map(({ key }) => key)),
      ]),
    ),
  );
  const unaccounted = usable.filter(({ key }) => !accounted.has(key));
  const old = unaccounted.filter(({ ageMs }) => ageMs >= options.minAgeMs);
  tally.counts.young += unaccounted.length - old.length;

  const looks = await mapLimited(old, options.concurrency, ({ key }) => lookAt(context, { key }));
  for (const [index, { key }] of old.entries()) {
    const stored = looks[index];
    if (stored === undefined || stored === null) continue;
    if ('problem' in stored) findings.push({ kind: 'obstacle', path: key, problem: stored.problem });
    else if (stored.ageMs < options.minAgeMs) tally.counts.young++;
    else findings.push({ kind: 'orphan', key, sizeBytes: stored.sizeBytes, ageMs: stored.ageMs });
  }
  return findings;
}
