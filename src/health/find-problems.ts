import type { OutboxHealth } from '../outbox/outbox-health.js';
import type { FileRegistryHealthProblem } from './file-registry-health.js';
import type { ResolvedHealthThresholds } from './health-thresholds.js';

/** What is beyond its threshold, the worst first, and what to do about it. */
export function findProblems(
  health: OutboxHealth,
  thresholds: ResolvedHealthThresholds,
): (readonly [FileRegistryHealthProblem, string])[] {
  const { own, pausedAt, stuck } = health;
  const oldestMs = Math.max(health.oldestDueAgeMs ?? 0, health.oldestDeletionDueAgeMs ?? 0);
  const backlog = health.due + health.pendingDeletions;
  const { allowForeign, allowPaused, maxBacklog, maxOldestDueMs, maxStuck } = thresholds;
  const found: (readonly [FileRegistryHealthProblem, string] | false)[] = [
    !own &&
      !allowForeign && [
        'foreign',
        'The rows came from another database: nothing is deleted until takeOwnership().',
      ],
    pausedAt !== null && !allowPaused && ['paused', 'The processors are paused: resume() lets them go on.'],
    oldestMs > maxOldestDueMs && [
      'late',
      `Something has been due for ${oldestMs} ms, more than ${maxOldestDueMs}: no processor runs, or too few do.`,
    ],
    stuck > maxStuck && [
      'stuck',
      `${stuck} deletion(s) are stuck, more than ${maxStuck}: mend what last_error says, then call retryStuck().`,
    ],
    maxBacklog !== undefined &&
      backlog > maxBacklog && ['backlog', `${backlog} are due at once, more than ${maxBacklog}.`],
  ];
  return found.filter((problem) => problem !== false);
}
