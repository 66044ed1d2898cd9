import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { DrainCounts } from '../../outbox/drain-result.js';
import type {
  DeletedBatch,
  FileRegistryTelemetry,
  ObservableRegistry,
  Observation,
  ObservedPass,
  ObservedStorageCall,
  SettledBatch,
  StorageCallResult,
} from '../file-registry-telemetry.js';
import { attributeNames, errorTypeAttribute } from './attribute-names.js';
import { HealthGauges } from './health-gauges.js';
import { instrumentationScope } from './instrumentation-scope.js';
import { createInstruments, type Instruments } from './instruments.js';
import { ObservedSpan } from './observed-span.js';
import {
  type OpenTelemetryOptions,
  type ResolvedOpenTelemetryOptions,
  resolveOpenTelemetryOptions,
} from './open-telemetry-options.js';

/**
 * Metrics and traces through `@opentelemetry/api`, for the option `telemetry`. Start the SDK before the application, as for any
 * instrumentation; without one nothing is recorded. docs/monitoring.md lists what there is.
 *
 * ```ts
 * import { openTelemetry } from 'nestjs-file-registry/opentelemetry';
 *
 * FileRegistryModule.forRoot({ database, storages, telemetry: openTelemetry() })
 * ```
 *
 * @throws InvalidOptionError
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): FileRegistryTelemetry {
  return new OpenTelemetry(resolveOpenTelemetryOptions(options));
}

class OpenTelemetry implements FileRegistryTelemetry {
  private instrumentsInUse: Instruments | undefined;
  private gaugesInUse: HealthGauges | undefined;

  constructor(private readonly options: ResolvedOpenTelemetryOptions) {}

  watch(registry: ObservableRegistry): () => void {
    const { gauges, gaugesMaxAgeMs, gaugesTimeoutMs } = this.options;
    if (!gauges) {
      return () => undefined;
    }
    this.gaugesInUse ??= new HealthGauges(this.meter, gaugesMaxAgeMs, gaugesTimeoutMs);
    return this.gaugesInUse.watch(registry);
  }

  beginPass({ trigger }: ObservedPass): Observation<DrainCounts> {
    const attributes = { [attributeNames.trigger]: trigger };
    // What the schedule begins has no cause but the clock.
    const root = trigger === 'schedule';
    return new ObservedSpan(this.tracer, 'file_registry.pass', { attributes, root }, describePass);
  }

  beginStorageCall({ storage, operation, objects }: ObservedStorageCall): Observation<StorageCallResult> {
    const measured = { [attributeNames.storage]: storage, [attributeNames.operation]: operation };
    return new ObservedSpan(
      this.tracer,
      `file_registry.storage.${operation}`,
      {
        kind: SpanKind.CLIENT,
        attributes: { ...measured, ...(objects !== undefined && { [attributeNames.objects]: objects }) },
      },
      ({ failedObjects }) =>
        failedObjects === undefined ? {} : { [attributeNames.failedObjects]: failedObjects },
      ({ durationMs, errorType }) =>
        this.instruments.storageDuration.record(durationMs / 1000, { ...measured, ...ofError(errorType) }),
    );
  }

  settled({ reason, durationMs, errorType, ...counts }: SettledBatch): void {
    const ofReason = { [attributeNames.reason]: reason };
    const { condemned, dropped, settleDuration } = this.instruments;
    settleDuration.record(durationMs / 1000, { ...ofReason, ...ofError(errorType) });
    if (counts.condemned > 0) condemned.add(counts.condemned, ofReason);
    if (counts.dropped > 0) dropped.add(counts.dropped, ofReason);

    const endedAt = performance.now();
    const span = this.tracer.startSpan('file_registry.settle', {
      startTime: endedAt - durationMs,
      attributes: { ...ofReason, ...ofError(errorType), ...inNamespace('settle', counts) },
    });
    if (errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAt);
  }

  deleted({ storage, completed, failed, stuck, lostLeases }: DeletedBatch): void {
    const ofStorage = { [attributeNames.storage]: storage };
    const instruments = this.instruments;
    for (const [reason, { files, sizeBytes }] of Object.entries(completed)) {
      const ofBoth = { ...ofStorage, [attributeNames.reason]: reason };
      instruments.deletedFiles.add(files, ofBoth);
      instruments.freedBytes.add(sizeBytes, ofBoth);
    }
    const { stuck: isStuck } = attributeNames;
    if (failed > stuck) instruments.failures.add(failed - stuck, { ...ofStorage, [isStuck]: false });
    if (stuck > 0) instruments.failures.add(stuck, { ...ofStorage, [isStuck]: true });
    if (lostLeases > 0) instruments.lostLeases.add(lostLeases, ofStorage);
  }

  /** At first use, because the global meter provider may be set after the options were written. */
  private get instruments(): Instruments {
    this.instrumentsInUse ??= createInstruments(this.meter);
    return this.instrumentsInUse;
  }

  private get meter() {
    const { name, version } = instrumentationScope;
    return this.options.meter ?? metrics.getMeter(name, version);
  }

  private get tracer() {
    const { name, version } = instrumentationScope;
    return this.options.tracer ?? trace.getTracer(name, version);
  }
}

function describePass(counts: DrainCounts) {
  return inNamespace('pass', counts);
}

/** `lostLeases` becomes `file_registry.pass.lost_leases`. */
function inNamespace(namespace: string, counts: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [
      `file_registry.${namespace}.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      count,
    ]),
  );
}

function ofError(errorType: string | undefined): Record<string, string> {
  return errorType === undefined ? {} : { [errorTypeAttribute]: errorType };
}
