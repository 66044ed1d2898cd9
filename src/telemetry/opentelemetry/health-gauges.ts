import { type Attributes, type BatchObservableResult, diag, type Meter } from '@opentelemetry/api';
import type { OutboxHealth } from '../../outbox/outbox-health.js';
import { withinTime } from '../../database/within-time.js';
import type { ObservableRegistry } from '../file-registry-telemetry.js';
import { attributeNames } from './attribute-names.js';
import { createInstrument } from './create-instrument.js';

/**
 * The state of the outbox, asked for when metrics are collected. Gauges although counts add up: every process reports the same
 * tables.
 */
export class HealthGauges {
  private readonly gauges: ReturnType<typeof createGauges>;

  constructor(
    private readonly meter: Meter,
    private readonly maxAgeMs: number,
    private readonly timeoutMs: number,
  ) {
    this.gauges = createGauges(meter);
  }

  /** Observes one registry until what it answers is called. */
  watch(registry: ObservableRegistry): () => void {
    const gauges = Object.values(this.gauges);
    const callback = (result: BatchObservableResult) => this.observe(registry, result);
    this.meter.addBatchObservableCallback(callback, gauges);
    return () => this.meter.removeBatchObservableCallback(callback, gauges);
  }

  /** Never rejects: a collection goes on without what the database does not answer in time. */
  private async observe(registry: ObservableRegistry, result: BatchObservableResult): Promise<void> {
    try {
      const health = await withinTime(registry.health({ maxAgeMs: this.maxAgeMs }), this.timeoutMs);
      if (health === undefined) {
        diag.warn(`nestjs-file-registry: the database did not answer within ${this.timeoutMs} ms`);
      } else {
        this.report(result, health, { [attributeNames.schema]: registry.schema });
      }
    } catch (error) {
      diag.warn('nestjs-file-registry: the state of the outbox could not be observed', error);
    }
  }

  private report(result: BatchObservableResult, health: OutboxHealth, ofSchema: Attributes): void {
    const { intentAge, intents, deletionAge, deletions, obstacles } = this.gauges;
    const { intentState, deletionState, obstacle } = attributeNames;
    result.observe(intentAge, (health.oldestDueAgeMs ?? 0) / 1000, ofSchema);
    result.observe(intents, health.due, { ...ofSchema, [intentState]: 'due' });
    result.observe(intents, health.waiting, { ...ofSchema, [intentState]: 'waiting' });
    result.observe(deletionAge, (health.oldestDeletionDueAgeMs ?? 0) / 1000, ofSchema);
    result.observe(deletions, health.pendingDeletions, { ...ofSchema, [deletionState]: 'pending' });
    result.observe(deletions, health.stuck, { ...ofSchema, [deletionState]: 'stuck' });
    result.observe(obstacles, health.pausedAt === null ? 0 : 1, { ...ofSchema, [obstacle]: 'paused' });
    result.observe(obstacles, health.own ? 0 : 1, { ...ofSchema, [obstacle]: 'foreign' });
  }
}

function createGauges(meter: Meter) {
  const gauge = (name: string, unit: string, description: string) =>
    createInstrument(meter, (maker) => maker.createObservableGauge(name, { unit, description }));
  return {
    intentAge: gauge(
      'file_registry.intent.due.age',
      's',
      'How long the oldest due intent has been due; 0 where none is.',
    ),
    intents: gauge('file_registry.intent.count', '{intent}', 'Intents in the outbox, counted up to 100,000.'),
    deletionAge: gauge(
      'file_registry.deletion.due.age',
      's',
      'How long the oldest due deletion has waited for a processor; 0 where none is due.',
    ),
    deletions: gauge(
      'file_registry.deletion.count',
      '{file}',
      'Files that are condemned and whose bytes are not gone, counted up to 100,000.',
    ),
    obstacles: gauge(
      'file_registry.processor.obstacle',
      '1',
      'Whether something keeps every processor from deleting: 1 or 0.',
    ),
  };
}
