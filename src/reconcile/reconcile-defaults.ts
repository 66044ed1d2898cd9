import type { ReconcileOptions } from './reconcile-options.js';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const year = 365 * day;

/** Every default in one place. */
export const reconcileDefaults = {
  fix: false,
  verify: 'size',
  minAgeMs: day,
  maxOrphanShare: 0.1,
  maxAdoptions: 10_000,
  force: false,
  samples: 100,
  pageSize: 350,
  concurrency: 8,
  maxAttempts: 5,
  backoffBaseMs: second,
} as const satisfies ReconcileOptions;

/** The least and the greatest value of every whole number, both allowed. */
export const reconcileLimits = {
  minAgeMs: [0, 10 * year],
  maxAdoptions: [0, 100_000],
  samples: [0, 1000],
  pageSize: [1, 10_000],
  concurrency: [1, 64],
  maxAttempts: [1, 100],
  backoffBaseMs: [1, minute],
} as const satisfies Partial<Record<keyof ReconcileOptions, readonly [number, number]>>;

export const excludePatternsMax = 1000;
export const excludePatternMaxBytes = 1024;
/** The longest pause between two attempts. */
export const backoffMaxMs = 5 * minute;
/** Obstacles kept between two objects of a listing; further ones are only counted. */
export const obstaclesHeldMax = 10_000;
/** Objects adopted in one transaction. */
export const adoptionBatch = 200;
