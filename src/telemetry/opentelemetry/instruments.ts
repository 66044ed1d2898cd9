import type { Meter } from '@opentelemetry/api';
import { createInstrument } from './create-instrument.js';

/** Seconds: from a local disk that answers at once to a storage that takes its time over a large file. */
const durationBoundaries = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export type Instruments = ReturnType<typeof createInstruments>;

/** What counts and measures this process's own work. Listed with their attributes in docs/monitoring.md. */
export function createInstruments(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    createInstrument(meter, (maker) => maker.createCounter(name, { unit, description }));
  const histogram = (name: string, description: string) =>
    createInstrument(meter, (maker) =>
      maker.createHistogram(name, {
        unit: 's',
        description,
        advice: { explicitBucketBoundaries: durationBoundaries },
      }),
    );
  return {
    condemned: counter(
      'file_registry.intent.condemned',
      '{file}',
      'Files that had no reference past their period and are files no more.',
    ),
    dropped: counter(
      'file_registry.intent.dropped',
      '{intent}',
      'Intents that had come to nothing: the file was referenced again, or gone.',
    ),
    deletedFiles: counter(
      'file_registry.deletion.files',
      '{file}',
      'Files whose bytes were deleted and whose receipts were written.',
    ),
    freedBytes: counter('file_registry.deletion.freed', 'By', 'Bytes freed by these deletions.'),
    failures: counter(
      'file_registry.deletion.failures',
      '{failure}',
      'Deletions that failed and are tried again, or are stuck.',
    ),
    lostLeases: counter(
      'file_registry.deletion.lost_leases',
      '{lease}',
      'Deletions that another process had taken over before the outcome was written.',
    ),
    settleDuration: histogram(
      'file_registry.settle.duration',
      'Duration of settling a batch of intents, which is one transaction.',
    ),
    storageDuration: histogram(
      'file_registry.storage.operation.duration',
      'Duration of a call of a storage, to the end of what it streams.',
    ),
  };
}
