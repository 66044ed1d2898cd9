import { readFileSync } from 'node:fs';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { faults, faultyStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { openTelemetry } from 'nestjs-file-registry/opentelemetry';
import { beforeEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { createRecorder, type Recorder } from './support/recorder.js';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;
const recorder = createRecorder();
const media = faultyStorage(memoryStorage());
const registry = await createTestRegistry({
  gracePeriodMs: 0,
  unattachedTtlMs: 60 * 60 * 1000,
  storages: { media },
  telemetry: openTelemetry({
    meter: recorder.meterProvider.getMeter(name!, version),
    tracer: recorder.tracerProvider.getTracer(name!, version),
    gaugesMaxAgeMs: 0,
  }),
});
const { processor } = registry;
const schema = { 'file_registry.schema': 'file_registry' };
const ofMedia = { 'file_registry.storage.name': 'media' };

/** By how much the counter grew during the work, by its attributes. */
async function growth(metric: string, work: () => Promise<unknown>, of: Recorder = recorder) {
  const before = await of.values(metric);
  await work();
  const grown = (await of.values(metric)).map(({ attributes, value }) => {
    const earlier = before.find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes));
    return { attributes, value: value - (earlier?.value ?? 0) };
  });
  return grown.filter(({ value }) => value > 0);
}

async function detached(content = 'bytes') {
  const file = await registry.store(content);
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  return file;
}

beforeEach(async () => {
  media.heal();
  await processor.retryStuck();
  await registry.passTime('2 hours');
  await processor.drain();
});

test('the age of the oldest due intent and the backlog are what they are when metrics are collected', async () => {
  expect(await recorder.values('file_registry.intent.due.age')).toEqual([{ attributes: schema, value: 0 }]);
  await registry.store();
  await registry.passTime('50 minutes');
  await registry.store();
  await registry.passTime('40 minutes');

  const [age] = await recorder.values('file_registry.intent.due.age');
  expect(age?.value).toBeGreaterThanOrEqual(30 * 60);
  expect(age?.value).toBeLessThan(31 * 60);
  expect(await recorder.values('file_registry.intent.count')).toEqual([
    { attributes: { ...schema, 'file_registry.intent.state': 'due' }, value: 1 },
    { attributes: { ...schema, 'file_registry.intent.state': 'waiting' }, value: 1 },
  ]);
});

test('deletions that are due have an age and a number, the stuck ones apart', async () => {
  const files = [await detached(), await detached(), await detached()];
  const stuckKey = files[0]?.key;
  media.replan({ delete: faults.failKeys((key) => (key === stuckKey ? 'permanent' : 'retryable')) });
  await processor.drain();
  expect(await recorder.values('file_registry.deletion.count')).toEqual([
    { attributes: { ...schema, 'file_registry.deletion.state': 'pending' }, value: 2 },
    { attributes: { ...schema, 'file_registry.deletion.state': 'stuck' }, value: 1 },
  ]);

  await registry.passTime('2 hours');
  const [age] = await recorder.values('file_registry.deletion.due.age');
  expect(age?.attributes).toEqual(schema);
  expect(age?.value).toBeGreaterThan(60 * 60);
  expect(age?.value).toBeLessThan(2 * 60 * 60);
});

test('a pause and a foreign identity show', async () => {
  const obstacle = (which: string, value: number) => ({
    attributes: { ...schema, 'file_registry.processor.obstacle': which },
    value,
  });
  expect(await recorder.values('file_registry.processor.obstacle')).toEqual([
    obstacle('foreign', 0),
    obstacle('paused', 0),
  ]);
  await processor.pause();
  await registry.pool.query(`update file_registry.settings set identity = identity || '{"databaseOid": 1}'`);
  expect(await recorder.values('file_registry.processor.obstacle')).toEqual([
    obstacle('foreign', 1),
    obstacle('paused', 1),
  ]);
  await processor.resume();
  await processor.takeOwnership();
});

test('deleted files and freed bytes are counted by reason and storage, an abandoned upload without bytes', async () => {
  const detachedFiles = async () => {
    await detached('12345');
    await detached('123');
    await registry.store('1234567');
    await registry.passTime('2 hours');
    await processor.drain();
  };
  const files = await growth('file_registry.deletion.files', detachedFiles);
  expect(files).toEqual([
    { attributes: { ...ofMedia, 'file_registry.reason': 'detached' }, value: 2 },
    { attributes: { ...ofMedia, 'file_registry.reason': 'stored' }, value: 1 },
  ]);
  const bytes = await growth('file_registry.deletion.freed', detachedFiles);
  expect(bytes).toEqual([
    { attributes: { ...ofMedia, 'file_registry.reason': 'detached' }, value: 8 },
    { attributes: { ...ofMedia, 'file_registry.reason': 'stored' }, value: 7 },
  ]);

  // Deleted twice, one time-to-live apart, and counted once, when its receipt is written.
  media.replan({ write: faults.fail() });
  await registry.store().catch(() => undefined);
  media.heal();
  const first = () => processor.drain();
  const uploads = [await growth('file_registry.deletion.files', first)];
  await registry.passTime('2 hours');
  uploads.push(await growth('file_registry.deletion.files', first));
  expect(uploads).toEqual([[], [{ attributes: { ...ofMedia, 'file_registry.reason': 'upload' }, value: 1 }]]);
});

test('an erased file counts under its own reason', async () => {
  const file = await registry.store('12');
  await registry.db.transaction().execute((trx) => registry.files.in(trx).erase(file));
  expect(await growth('file_registry.deletion.freed', () => processor.drain())).toEqual([
    { attributes: { ...ofMedia, 'file_registry.reason': 'erased' }, value: 2 },
  ]);
});

test('condemned files and dropped intents are counted by reason', async () => {
  const kept = await registry.store();
  await registry.attach(kept, 'kept');
  await detached();
  await registry.passTime('2 hours');
  const condemned = await growth('file_registry.intent.condemned', () => processor.drain());
  expect(condemned).toEqual([{ attributes: { 'file_registry.reason': 'detached' }, value: 1 }]);

  const other = await registry.store();
  await registry.attach(other, 'kept');
  await registry.passTime('2 hours');
  const dropped = await growth('file_registry.intent.dropped', () => processor.drain());
  expect(dropped).toEqual([{ attributes: { 'file_registry.reason': 'stored' }, value: 1 }]);
});

test('failures are counted by storage, those that are stuck apart', async () => {
  const files = [await detached(), await detached(), await detached()];
  media.replan({ delete: faults.failKeys((key) => (key === files[0]?.key ? 'permanent' : 'retryable')) });
  expect(await growth('file_registry.deletion.failures', () => processor.drain())).toEqual(
    expect.arrayContaining([
      { attributes: { ...ofMedia, 'file_registry.deletion.stuck': false }, value: 2 },
      { attributes: { ...ofMedia, 'file_registry.deletion.stuck': true }, value: 1 },
    ]),
  );
});

test('a lease that another process took over is counted', async () => {
  await detached();
  media.replan({ delete: { [media.calls.delete + 1]: faults.late() } });
  const lost = await growth('file_registry.deletion.lost_leases', async () => {
    const draining = processor.drain();
    await media.untilWaiting();
    await registry.pool.query('update file_registry.deletions set lease_token = gen_random_uuid()');
    media.heal();
    media.release();
    await draining;
  });
  expect(lost).toEqual([{ attributes: ofMedia, value: 1 }]);
});

test('settling is measured for each batch that found something, and for none that did not', async () => {
  await detached();
  const ofReason = { attributes: { 'file_registry.reason': 'detached' }, value: 1 };
  expect(await growth('file_registry.settle.duration', () => processor.drain())).toEqual([ofReason]);
  expect(await growth('file_registry.settle.duration', () => processor.drain())).toEqual([]);
});

test('a batch that cannot be settled is measured with its SQLSTATE', async () => {
  await registry.pool.query(`
    create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = 'ZZ001'; end $$;
    create trigger refuse before delete on file_registry.files for each row execute function public.refuse()`);
  await detached();
  const settled = await growth('file_registry.settle.duration', () => processor.drain());
  await registry.pool.query('drop function public.refuse cascade');
  expect(settled).toEqual([
    { attributes: { 'file_registry.reason': 'detached', 'error.type': 'ZZ001' }, value: expect.any(Number) },
  ]);
});

test('storage calls are measured by operation, a failed one with the code of its error', async () => {
  const ofCall = (operation: string, more = {}) => ({
    attributes: { ...ofMedia, 'file_registry.storage.operation': operation, ...more },
    value: 1,
  });
  const calls = await growth('file_registry.storage.operation.duration', async () => {
    const file = await registry.store();
    await (await registry.files.read(file)).toArray();
    media.replan({ read: faults.fail('permanent') });
    await registry.files.read(file).catch(() => undefined);
  });
  expect(calls).toEqual([
    ofCall('read', { 'error.type': 'STORAGE_REFUSED' }),
    ofCall('read'),
    ofCall('write'),
  ]);
});

test('every metric has its unit, and all are the package’s own', async () => {
  const metrics = await recorder.collect();
  expect(Object.fromEntries(Array.from(metrics.values(), (metric) => [metric.name, metric.unit]))).toEqual({
    'file_registry.intent.condemned': '{file}',
    'file_registry.intent.dropped': '{intent}',
    'file_registry.deletion.files': '{file}',
    'file_registry.deletion.freed': 'By',
    'file_registry.deletion.failures': '{failure}',
    'file_registry.deletion.lost_leases': '{lease}',
    'file_registry.settle.duration': 's',
    'file_registry.storage.operation.duration': 's',
    'file_registry.intent.due.age': 's',
    'file_registry.intent.count': '{intent}',
    'file_registry.deletion.due.age': 's',
    'file_registry.deletion.count': '{file}',
    'file_registry.processor.obstacle': '1',
  });
  for (const { scope } of metrics.values()) expect(scope).toMatchObject({ name, version });
});

test('durations are seconds, in buckets that tell a millisecond from a minute', async () => {
  const metrics = await recorder.collect();
  for (const duration of ['file_registry.settle.duration', 'file_registry.storage.operation.duration']) {
    const [point] = metrics.get(duration)!.points;
    const { buckets, max } = point!.value as Histogram;
    expect([buckets.boundaries[0], buckets.boundaries.at(-1)]).toEqual([0.001, 60]);
    expect(max).toBeGreaterThan(0);
    expect(max).toBeLessThan(30);
  }
});
