import { type FileStorage, optionLimits } from 'nestjs-file-registry';
import type { AppSettings } from '../app/app.module.js';

/** Short, so that the show takes seconds. In real life the defaults suit: a day, a day, and a minute for the lease. */
export const periods = {
  gracePeriodMs: 1_000,
  unattachedTtlMs: 2_000,
  leaseMs: 1_000,
};

/** The application's settings: the same for all processes but for who runs the processor. */
export function settings(
  databaseUrl: string,
  media: FileStorage,
  { isWorker }: { isWorker: boolean },
): AppSettings {
  const { leaseMs, ...filePeriods } = periods;
  return {
    databaseUrl,
    media,
    ...filePeriods,
    maxSizeBytes: optionLimits.maxSizeBytes[1],
    processor: { enabled: isWorker, leaseMs, intervalMs: 50, sweepIntervalMs: 1_000 },
  };
}
