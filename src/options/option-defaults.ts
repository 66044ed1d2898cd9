import { defaultSchema } from '../database/schema-name.js';
import type { RenditionOptions } from '../renditions/rendition-options.js';
import type { FileRegistryOptions, ProcessorOptions } from './file-registry-options.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

const GiB = 1024 ** 3;

/** Every default in one place. */
export const optionDefaults = {
  schema: defaultSchema,
  migrate: 'check',
  gracePeriodMs: day,
  unattachedTtlMs: day,
  uploadTtlMs: hour,
  maxSizeBytes: 5 * GiB,
  receiptRetentionMs: 30 * day,
} as const satisfies Partial<FileRegistryOptions>;

export const processorDefaults = {
  enabled: true,
  intervalMs: second,
  batchSize: 1000,
  leaseMs: minute,
  maxAttempts: 25,
  backoffBaseMs: second,
  backoffMaxMs: hour,
  sweepIntervalMs: 30 * second,
  deletionDelayMs: 0,
  shutdownTimeoutMs: 10 * second,
} as const satisfies ProcessorOptions;

/** The least and the greatest value of every number, both allowed. */
export const optionLimits = {
  gracePeriodMs: [0, 10 * year],
  unattachedTtlMs: [0, 10 * year],
  uploadTtlMs: [second, 7 * day],
  maxSizeBytes: [1, 5 * 1024 * GiB],
  receiptRetentionMs: [0, 10 * year],
} as const satisfies Partial<Record<keyof FileRegistryOptions, readonly [number, number]>>;

export const processorLimits = {
  intervalMs: [10, day],
  batchSize: [1, 10_000],
  leaseMs: [second, hour],
  maxAttempts: [1, 1000],
  backoffBaseMs: [1, hour],
  backoffMaxMs: [1, 7 * day],
  sweepIntervalMs: [0, day],
  deletionDelayMs: [0, 90 * day],
  shutdownTimeoutMs: [0, 10 * minute],
} as const satisfies Partial<Record<keyof ProcessorOptions, readonly [number, number]>>;

export const renditionDefaults = {
  timeoutMs: minute,
  leaseMs: 15 * second,
  failureTtlMs: 10 * second,
  waitTimeoutMs: 2 * minute,
} as const satisfies RenditionOptions;

export const renditionLimits = {
  timeoutMs: [10, day],
  leaseMs: [second, hour],
  failureTtlMs: [second, day],
  waitTimeoutMs: [0, day],
} as const satisfies Partial<Record<keyof RenditionOptions, readonly [number, number]>>;

export const allowedContentTypesMax = 100;
export const environmentMaxBytes = 100;
