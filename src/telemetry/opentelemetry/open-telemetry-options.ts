import type { Meter, Tracer } from '@opentelemetry/api';
import { invalidOption } from '../../options/invalid-option.js';
import { refuseUnknownOptions } from '../../options/refuse-unknown-options.js';
import { wholeNumber } from '../../options/whole-number.js';

export interface OpenTelemetryOptions {
  /** Where metrics go. Default: the global meter provider's, asked for at first use. */
  readonly meter?: Meter | undefined;
  /** Where spans go. Default: the global tracer provider's. */
  readonly tracer?: Tracer | undefined;
  /**
   * Whether this process reports the state of the outbox, which every process sees alike. With many of them one is enough.
   * Default: true.
   */
  readonly gauges?: boolean | undefined;
  /** Collections within this time share one question to the database. Default: 10 seconds. Limits: 0 to 1 hour. */
  readonly gaugesMaxAgeMs?: number | undefined;
  /** How long a collection waits for the database; after that the gauges have a gap. Default: 5 seconds. Limits: 100 ms to 1 minute. */
  readonly gaugesTimeoutMs?: number | undefined;
}

export const openTelemetryDefaults = {
  gauges: true,
  gaugesMaxAgeMs: 10_000,
  gaugesTimeoutMs: 5_000,
} as const satisfies OpenTelemetryOptions;

/** The least and the greatest value of every number, both allowed. */
export const openTelemetryLimits = {
  gaugesMaxAgeMs: [0, 60 * 60 * 1000],
  gaugesTimeoutMs: [100, 60 * 1000],
} as const satisfies Partial<Record<keyof OpenTelemetryOptions, readonly [number, number]>>;

export interface ResolvedOpenTelemetryOptions {
  readonly meter: Meter | undefined;
  readonly tracer: Tracer | undefined;
  readonly gauges: boolean;
  readonly gaugesMaxAgeMs: number;
  readonly gaugesTimeoutMs: number;
}

/** @throws InvalidOptionError naming the option and the value received. */
export function resolveOpenTelemetryOptions(options: OpenTelemetryOptions): ResolvedOpenTelemetryOptions {
  refuseUnknownOptions(
    options,
    { ...openTelemetryLimits, meter: true, tracer: true, gauges: true },
    'openTelemetry.',
  );
  const { meter, tracer, gauges = openTelemetryDefaults.gauges } = options;
  if (meter !== undefined && typeof meter?.createCounter !== 'function') {
    throw invalidOption('openTelemetry.meter', 'expected a Meter of @opentelemetry/api', meter);
  }
  if (tracer !== undefined && typeof tracer?.startSpan !== 'function') {
    throw invalidOption('openTelemetry.tracer', 'expected a Tracer of @opentelemetry/api', tracer);
  }
  if (typeof gauges !== 'boolean') {
    throw invalidOption('openTelemetry.gauges', 'expected true or false', gauges);
  }
  const number = (name: keyof typeof openTelemetryLimits) =>
    wholeNumber(
      `openTelemetry.${name}`,
      options[name] ?? openTelemetryDefaults[name],
      openTelemetryLimits[name],
    );
  return {
    meter,
    tracer,
    gauges,
    gaugesMaxAgeMs: number('gaugesMaxAgeMs'),
    gaugesTimeoutMs: number('gaugesTimeoutMs'),
  };
}
