import { invalidOption } from '../options/invalid-option.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import { healthAgeMaxMs, healthCountMax } from '../outbox/outbox-health.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const year = 365 * 24 * hour;

/** From when on the registry is down for `FileRegistryHealthIndicator`. */
export interface FileRegistryHealthThresholds {
  /**
   * How long what is due may wait, be it an intent or a deletion. Grows when no processor runs anywhere, or too few do.
   * Default: 15 minutes. Limits: 0 to 10 years.
   */
  readonly maxOldestDueMs?: number | undefined;

  /** Deletions that may be stuck. Default: 0. Limits: 0 to 99,999. */
  readonly maxStuck?: number | undefined;

  /**
   * What may be due at once, intents and deletions together. Default: any number, because a large backlog that moves is no fault.
   * Limits: 0 to 99,999, where counting ends.
   */
  readonly maxBacklog?: number | undefined;

  /** Whether it counts as up while `pause()` holds the processors back. Default: false. */
  readonly allowPaused?: boolean | undefined;

  /** Whether it counts as up where the rows came from another database, as in a staging copy. Default: false. */
  readonly allowForeign?: boolean | undefined;

  /** Probes within this time share one question to the database. Default: 5 seconds. Limits: 0 to 1 hour. */
  readonly maxAgeMs?: number | undefined;

  /** How long the database may take to answer. Default: 5 seconds. Limits: 10 ms to 1 minute. */
  readonly timeoutMs?: number | undefined;
}

export const healthThresholdDefaults = {
  maxOldestDueMs: 15 * minute,
  maxStuck: 0,
  allowPaused: false,
  allowForeign: false,
  maxAgeMs: 5 * second,
  timeoutMs: 5 * second,
} as const satisfies FileRegistryHealthThresholds;

/** The least and the greatest value of every number, both allowed. */
export const healthThresholdLimits = {
  maxOldestDueMs: [0, 10 * year],
  maxStuck: [0, healthCountMax - 1],
  maxBacklog: [0, healthCountMax - 1],
  maxAgeMs: [0, healthAgeMaxMs],
  timeoutMs: [10, minute],
} as const satisfies Partial<Record<keyof FileRegistryHealthThresholds, readonly [number, number]>>;

export interface ResolvedHealthThresholds {
  readonly maxOldestDueMs: number;
  readonly maxStuck: number;
  readonly maxBacklog: number | undefined;
  readonly allowPaused: boolean;
  readonly allowForeign: boolean;
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
}

/** @throws InvalidOptionError naming the threshold and the value received. */
export function resolveHealthThresholds(given: FileRegistryHealthThresholds): ResolvedHealthThresholds {
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('thresholds', 'expected an object', given);
  }
  refuseUnknownOptions(given, { ...healthThresholdLimits, allowPaused: true, allowForeign: true });
  const { maxBacklog } = given;
  const number = (name: Exclude<keyof typeof healthThresholdLimits, 'maxBacklog'>) =>
    wholeNumber(name, given[name] ?? healthThresholdDefaults[name], healthThresholdLimits[name]);
  const flag = (name: 'allowPaused' | 'allowForeign') => {
    const value: unknown = given[name] ?? healthThresholdDefaults[name];
    if (typeof value !== 'boolean') {
      throw invalidOption(name, 'expected true or false', value);
    }
    return value;
  };
  return {
    maxOldestDueMs: number('maxOldestDueMs'),
    maxStuck: number('maxStuck'),
    maxBacklog:
      maxBacklog === undefined
        ? undefined
        : wholeNumber('maxBacklog', maxBacklog, healthThresholdLimits.maxBacklog),
    allowPaused: flag('allowPaused'),
    allowForeign: flag('allowForeign'),
    maxAgeMs: number('maxAgeMs'),
    timeoutMs: number('timeoutMs'),
  };
}
