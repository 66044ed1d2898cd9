import { createNoopMeter, type Meter, metrics, type Tracer } from '@opentelemetry/api';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  FileRegistry,
  FileRegistryModule,
  type FileRegistryTelemetry,
  InvalidOptionError,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { openTelemetry, type OpenTelemetryOptions } from 'nestjs-file-registry/opentelemetry';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RESOLVED_OPTIONS } from '../../src/options/options-token.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { createRecorder } from './support/recorder.js';

const recorder = createRecorder({ delta: true });
const database = await createTestDatabase();
const db = database.kysely();

const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
beforeEach(() => warn.mockClear());
afterEach(() => metrics.disable());

async function open(telemetry?: FileRegistryTelemetry) {
  const media = memoryStorage();
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: db,
        storages: { media },
        unattachedTtlMs: 0,
        processor: { enabled: false, backoffBaseMs: 60 * 60 * 1000 },
        ...(telemetry && { telemetry }),
      }),
    ],
  }).compile();
  await module.init();
  return { module, media, files: module.get(FileRegistry), processor: module.get(OutboxProcessor) };
}

/** Everything that telemetry hears of, once. */
async function work({ files, processor, media }: Awaited<ReturnType<typeof open>>): Promise<void> {
  const file = await files.store(Buffer.from('bytes'));
  expect(Buffer.concat(await (await files.read(file)).toArray()).toString()).toBe('bytes');
  expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1, failed: 0 });
  expect(media.keys()).toEqual([]);
}

const fail = () => {
  throw new Error('telemetry is broken');
};

test('without the option storages are handed out as they are, and nothing is recorded', async () => {
  metrics.setGlobalMeterProvider(recorder.meterProvider);
  const opened = await open();
  await expect(work(opened)).resolves.toBeUndefined();
  const { storages } = opened.module.get(RESOLVED_OPTIONS);
  expect(storages.get('media')).toBe(opened.media);
  expect(await recorder.collect()).toEqual(new Map());
  expect(recorder.spans).toEqual([]);
  await opened.module.close();
});

test.for<[string, FileRegistryTelemetry]>([
  [
    'everything throws',
    { watch: fail, beginPass: fail, beginStorageCall: fail, settled: fail, deleted: fail },
  ],
  [
    'what was begun throws',
    {
      watch: () => fail,
      beginPass: () => ({ run: fail, end: fail }),
      beginStorageCall: () => ({ run: fail, end: fail }),
    },
  ],
  [
    'it throws behind the work',
    {
      beginPass: () => ({ run: (inner) => (inner(), fail()), end: fail }),
      beginStorageCall: () => ({ run: (inner) => (inner(), fail()), end: fail }),
    },
  ],
  ['it never runs the work', { beginPass: () => ({ run: (() => undefined) as never, end: fail }) }],
])('telemetry is said to be broken once and harms nothing, when %s', async ([, telemetry]) => {
  const opened = await open(telemetry);
  await expect(work(opened)).resolves.toBeUndefined();
  await opened.module.close();
  const told = warn.mock.calls.map(([message]) => String(message));
  expect(told).toEqual([expect.stringMatching(/^Telemetry failed.*telemetry is broken$/)]);
});

test('an error of the work stays the error of the work', async () => {
  const rethrowing: FileRegistryTelemetry = {
    beginStorageCall: () => ({
      run(inner) {
        try {
          return inner();
        } catch {
          throw new Error('hidden');
        }
      },
      end: fail,
    }),
  };
  const opened = await open(rethrowing);
  const file = await opened.files.store(Buffer.from('bytes'));
  opened.media.delete = () => {
    throw new TypeError('broken storage');
  };
  await opened.processor.drain();
  const { rows } = await database
    .pool()
    .query('select last_error from file_registry.deletions where file_id = $1', [file.id]);
  expect(rows).toEqual([{ last_error: 'broken storage' }]);
  await opened.module.close();
});

const throwing = (working: object, ...names: string[]) =>
  Object.assign(Object.create(working), Object.fromEntries(names.map((name) => [name, fail])));

test.for<[string, OpenTelemetryOptions]>([
  [
    'a meter that makes nothing',
    {
      meter: throwing(
        createNoopMeter(),
        'createCounter',
        'createHistogram',
        'createObservableGauge',
        'addBatchObservableCallback',
      ) as Meter,
    },
  ],
  [
    'instruments that take nothing',
    {
      meter: Object.assign(Object.create(createNoopMeter()), {
        createCounter: () => ({ add: fail }),
        createHistogram: () => ({ record: fail }),
      }) as Meter,
    },
  ],
  ['a tracer that starts nothing', { tracer: { startSpan: fail, startActiveSpan: fail } as Tracer }],
])('%s harms nothing', async ([, options]) => {
  const opened = await open(openTelemetry(options));
  await expect(work(opened)).resolves.toBeUndefined();
  await opened.module.close();
});

test('spans end although instruments are broken', async () => {
  const opened = await open(
    openTelemetry({
      gauges: false,
      tracer: recorder.tracerProvider.getTracer('test'),
      meter: Object.assign(Object.create(createNoopMeter()), {
        createHistogram: () => ({ record: fail }),
      }) as Meter,
    }),
  );
  recorder.forgetSpans();
  await expect(work(opened)).resolves.toBeUndefined();
  await opened.module.close();
  expect(recorder.spans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['file_registry.pass', 'file_registry.storage.delete']),
  );
});

test('the gauges are observed from the start of the application to its end', async () => {
  const meter = recorder.meterProvider.getMeter('gauges');
  const opened = await open(openTelemetry({ meter, gaugesMaxAgeMs: 0 }));
  expect(await recorder.values('file_registry.intent.due.age')).toHaveLength(1);
  const asked = vi.spyOn(opened.processor, 'health');
  await opened.module.close();
  expect(await recorder.values('file_registry.intent.due.age')).toEqual([]);
  expect(asked).not.toHaveBeenCalled();
});

test('with `gauges: false` the database is not asked', async () => {
  const opened = await open(
    openTelemetry({ meter: recorder.meterProvider.getMeter('silent'), gauges: false }),
  );
  const asked = vi.spyOn(opened.processor, 'health');
  await recorder.collect();
  expect(asked).not.toHaveBeenCalled();
  await opened.module.close();
});

test('collections at once, and those within gaugesMaxAgeMs, share one question', async () => {
  const opened = await open(openTelemetry({ meter: recorder.meterProvider.getMeter('shared') }));
  const asked = vi.spyOn(database.pool().constructor.prototype, 'connect');
  await Promise.all([recorder.collect(), recorder.collect(), recorder.collect()]);
  await recorder.collect();
  expect(asked.mock.calls.length).toBe(1);
  asked.mockRestore();
  await opened.module.close();
});

test('a database that does not answer leaves a gap and holds no collection up', async () => {
  const opened = await open(
    openTelemetry({
      meter: recorder.meterProvider.getMeter('gap'),
      gaugesMaxAgeMs: 0,
      gaugesTimeoutMs: 100,
    }),
  );
  vi.spyOn(opened.processor, 'health').mockReturnValue(new Promise(() => undefined));
  expect(await recorder.values('file_registry.intent.due.age')).toEqual([]);
  vi.spyOn(opened.processor, 'health').mockRejectedValue(new Error('away'));
  expect(await recorder.values('file_registry.intent.due.age')).toEqual([]);
  vi.restoreAllMocks();
  await opened.module.close();
});

test('registries of two schemas report side by side', async () => {
  const meter = recorder.meterProvider.getMeter('two');
  const telemetry = openTelemetry({ meter, gaugesMaxAgeMs: 0 });
  const health = {
    due: 0,
    waiting: 0,
    oldestDueAgeMs: 1000,
    pendingDeletions: 0,
    oldestDeletionDueAgeMs: null,
    stuck: 0,
    pausedAt: null,
    own: true,
  };
  const ends = ['one', 'two'].map((schema) => telemetry.watch?.({ schema, health: async () => health }));
  expect(await recorder.values('file_registry.intent.due.age')).toEqual([
    { attributes: { 'file_registry.schema': 'one' }, value: 1 },
    { attributes: { 'file_registry.schema': 'two' }, value: 1 },
  ]);
  for (const end of ends) end?.();
});

test.for<[unknown, string]>([
  [null, 'openTelemetry: expected an object'],
  [{ meter: {} }, 'openTelemetry.meter: expected a Meter'],
  [{ tracer: 'global' }, 'openTelemetry.tracer: expected a Tracer'],
  [{ gauges: 1 }, 'openTelemetry.gauges: expected true or false'],
  [{ gaugesMaxAgeMs: -1 }, 'openTelemetry.gaugesMaxAgeMs: expected a whole number'],
  [
    { gaugesTimeoutMs: 99 },
    'openTelemetry.gaugesTimeoutMs: expected a whole number of milliseconds from 100 to 60000',
  ],
])('openTelemetry(%j) is refused by name', ([options, message]) => {
  expect(() => openTelemetry(options as never)).toThrow(InvalidOptionError);
  expect(() => openTelemetry(options as never)).toThrow(message);
});

test.for<[unknown, string]>([
  [openTelemetry, 'telemetry: expected an object'],
  [{}, 'telemetry: expected an object with watch'],
  [{ settled: true }, 'telemetry.settled: expected a function'],
])('the option telemetry is checked: %o', async ([telemetry, message]) => {
  await expect(open(telemetry as never)).rejects.toThrow(message);
});
