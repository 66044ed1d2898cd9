import { type Attributes, context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterAll } from 'vitest';

/** Collects when it is told to. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export interface RecordedMetric {
  readonly name: string;
  readonly unit: string;
  readonly scope: { readonly name: string; readonly version?: string | undefined };
  readonly points: readonly { readonly attributes: Attributes; readonly value: number | Histogram }[];
}

/** The real SDK with everything kept in memory. */
export interface Recorder {
  readonly meterProvider: MeterProvider;
  readonly tracerProvider: TracerProvider;
  collect(): Promise<ReadonlyMap<string, RecordedMetric>>;
  /** The points of one metric in the order of their attributes: its value, or for a histogram how many there are. */
  values(name: string): Promise<{ readonly attributes: Attributes; readonly value: number }[]>;
  readonly spans: ReadableSpan[];
  forgetSpans(): void;
}

/** With `delta` a gauge that was not observed is not there; otherwise the SDK repeats what it last was. */
export function createRecorder({ delta = false } = {}): Recorder {
  const reader = new ManualReader({
    aggregationTemporalitySelector: () =>
      delta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  });
  const exporter = new InMemorySpanExporter();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  afterAll(async () => {
    await meterProvider.shutdown();
    await tracerProvider.shutdown();
    context.disable();
  });

  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'The collection failed');
    return new Map(
      resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
        metrics.map((metric) => [metric.descriptor.name, recorded(scope, metric)] as const),
      ),
    );
  };
  return {
    meterProvider,
    tracerProvider,
    collect,
    async values(name) {
      const points = (await collect()).get(name)?.points ?? [];
      return points
        .map(({ attributes, value }) => ({
          attributes,
          value: typeof value === 'number' ? value : value.count,
        }))
        .toSorted((one, other) => byAttributes(one.attributes, other.attributes));
    },
    get spans() {
      return exporter.getFinishedSpans();
    },
    forgetSpans: () => exporter.reset(),
  };
}

function recorded(scope: RecordedMetric['scope'], metric: MetricData): RecordedMetric {
  const { name, unit } = metric.descriptor;
  return { name, unit, scope, points: metric.dataPoints as RecordedMetric['points'] };
}

function byAttributes(one: Attributes, other: Attributes): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}
