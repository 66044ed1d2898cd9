import { type Identity, isOwn } from './is-own.js';
import type { OutboxStats } from './outbox-stats.js';

/** What `stats` answers. */
export interface StatsAnswer extends Omit<OutboxStats, 'pausedAt' | 'own' | 'warnings'> {
  readonly pausedAt: string | null;
  readonly identity: Identity | null;
  readonly actualIdentity: Identity;
  readonly multixactLimit: number;
}

/** Autovacuum freezes everything in the database at its limit; half of it leaves time to act. */
const multixactShareMax = 0.5;

export function toOutboxStats(
  { pausedAt, identity, actualIdentity, multixactLimit, ...counts }: StatsAnswer,
  environment: string | null,
): OutboxStats {
  const own = isOwn(identity, actualIdentity, environment);
  const warnings = [
    counts.unknownReasons > 0 &&
      `${counts.unknownReasons} intent(s) have a reason that this version does not know and are never due: update every instance.`,
    counts.multixactAge > multixactLimit * multixactShareMax &&
      `Multixacts are ${counts.multixactAge} old of ${multixactLimit}: vacuum the database, and store files that very many records share several times.`,
    counts.stuck > 0 &&
      `${counts.stuck} deletion(s) are stuck: mend what last_error says, then call retryStuck().`,
    !own && 'The rows came from another database: nothing is deleted until takeOwnership().',
    pausedAt !== null && `The processors are paused since ${pausedAt}: resume() lets them go on.`,
  ].filter((warning) => warning !== false);
  return { ...counts, pausedAt: pausedAt === null ? null : new Date(pausedAt), own, warnings };
}
