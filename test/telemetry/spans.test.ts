import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { openTelemetry } from 'nestjs-file-registry/opentelemetry';
import { faults, faultyStorage, memoryStorage } from 'nestjs-file-registry/testing';
import { beforeEach, expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { createRecorder } from './support/recorder.js';

const recorder = createRecorder();
const tracer = recorder.tracerProvider.getTracer('test');
const media = faultyStorage(memoryStorage());
const registry = await createTestRegistry({
  gracePeriodMs: 0,
  storages: { media },
  telemetry: openTelemetry({ tracer, gauges: false }),
});
const { processor } = registry;

async function detached() {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  return file;
}

function only(name: string): ReadableSpan {
  const found = recorder.spans.filter((span) => span.name === name);
  expect(found.map((span) => span.name)).toEqual([name]);
  return found[0]!;
}

const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;
const startMs = ({ startTime: [seconds, nanoseconds] }: ReadableSpan) => seconds * 1000 + nanoseconds / 1e6;
const endMs = ({ endTime: [seconds, nanoseconds] }: ReadableSpan) => seconds * 1000 + nanoseconds / 1e6;

beforeEach(async () => {
  media.heal();
  await registry.passTime('2 days');
  await processor.drain();
  recorder.forgetSpans();
});

test('a pass that does something is a span with what it did, and what it does lies within it', async () => {
  await detached();
  recorder.forgetSpans();
  await processor.drain();

  const [pass, settle, deletion] = [
    only('file_registry.pass'),
    only('file_registry.settle'),
    only('file_registry.storage.delete'),
  ];
  expect(pass).toMatchObject({
    kind: SpanKind.INTERNAL,
    attributes: {
      'file_registry.pass.trigger': 'drain',
      'file_registry.pass.condemned': 1,
      'file_registry.pass.deleted': 1,
      'file_registry.pass.failed': 0,
      'file_registry.pass.lost_leases': 0,
    },
    status: { code: SpanStatusCode.UNSET },
  });
  expect(settle.attributes).toEqual({
    'file_registry.reason': 'detached',
    'file_registry.settle.claimed': 1,
    'file_registry.settle.condemned': 1,
    'file_registry.settle.dropped': 0,
    'file_registry.settle.left': 0,
  });
  expect(deletion).toMatchObject({
    kind: SpanKind.CLIENT,
    attributes: {
      'file_registry.storage.name': 'media',
      'file_registry.storage.operation': 'delete',
      'file_registry.storage.objects': 1,
      'file_registry.storage.failed_objects': 0,
    },
  });
  const { spanId, traceId } = pass.spanContext();
  expect([parentOf(settle), parentOf(deletion)]).toEqual([spanId, spanId]);
  expect(settle.spanContext().traceId).toBe(traceId);
  expect(startMs(settle)).toBeLessThanOrEqual(startMs(deletion));
  expect(endMs(settle)).toBeLessThanOrEqual(endMs(pass) + 1);
});

test('a pass that finds nothing to do leaves no trace', async () => {
  await processor.tick();
  await processor.drain();
  await processor.pause();
  await detached();
  recorder.forgetSpans();
  await processor.drain();
  await processor.tick();
  await processor.resume();
  expect(recorder.spans).toEqual([]);
});

test('a drain belongs to what called it, a pass of the schedule to nothing', async () => {
  await detached();
  await tracer.startActiveSpan('cron', async (cron) => {
    await processor.drain();
    cron.end();
  });
  expect(parentOf(only('file_registry.pass'))).toBe(only('cron').spanContext().spanId);

  await detached();
  recorder.forgetSpans();
  await tracer.startActiveSpan('interval', async (interval) => {
    await processor.tick();
    interval.end();
  });
  const pass = only('file_registry.pass');
  expect(pass.attributes).toMatchObject({ 'file_registry.pass.trigger': 'schedule' });
  expect(parentOf(pass)).toBeUndefined();
  expect(parentOf(only('file_registry.storage.delete'))).toBe(pass.spanContext().spanId);
});

test('what an application stores and reads belongs to its request, and a read lasts as long as its stream', async () => {
  await tracer.startActiveSpan('request', async (request) => {
    const file = await registry.store('0123456789');
    const stream = await registry.files.read(file);
    expect(recorder.spans.map(({ name }) => name)).toEqual(['file_registry.storage.write']);
    await stream.toArray();
    // The stream closes a turn of the event loop after its end.
    await expect.poll(() => recorder.spans.length).toBe(2);
    request.end();
  });
  const { spanId } = only('request').spanContext();
  expect(parentOf(only('file_registry.storage.write'))).toBe(spanId);
  expect(parentOf(only('file_registry.storage.read'))).toBe(spanId);
});

test('what a storage does while it is called belongs to the call', async () => {
  await detached();
  recorder.forgetSpans();
  const original = media.inner.delete.bind(media.inner);
  media.inner.delete = (objects, options) => {
    tracer.startSpan('http').end();
    return original(objects, options);
  };
  await processor.drain();
  media.inner.delete = original;
  expect(parentOf(only('http'))).toBe(only('file_registry.storage.delete').spanContext().spanId);
});

test('failures are on the span: the code of the error and its message', async () => {
  await detached();
  media.replan({ delete: faults.fail('permanent') });
  recorder.forgetSpans();
  await processor.drain();
  expect(only('file_registry.storage.delete')).toMatchObject({
    attributes: { 'error.type': 'STORAGE_REFUSED' },
    status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('planned fault') },
  });
  expect(only('file_registry.pass')).toMatchObject({
    attributes: { 'file_registry.pass.failed': 1, 'file_registry.pass.stuck': 1 },
    status: { code: SpanStatusCode.UNSET },
  });
});

test('keys that fail within a call that works are counted on its span', async () => {
  await detached();
  await detached();
  media.replan({ delete: faults.failKeys(() => 'retryable') });
  recorder.forgetSpans();
  await processor.drain();
  expect(only('file_registry.storage.delete')).toMatchObject({
    attributes: { 'file_registry.storage.objects': 2, 'file_registry.storage.failed_objects': 2 },
    status: { code: SpanStatusCode.UNSET },
  });
});

test('a pass that a database stops is a failed span', async () => {
  await detached();
  media.replan({ delete: { [media.calls.delete + 1]: faults.late() } });
  recorder.forgetSpans();
  const draining = processor.drain();
  await media.untilWaiting();
  await registry.database.allowConnections(false);
  try {
    await registry.database.disconnectAll();
    media.heal();
    media.release();
    await expect(draining).rejects.toMatchObject({ code: expect.stringMatching(/^DATABASE_/) });
  } finally {
    await registry.database.allowConnections(true);
  }
  expect(only('file_registry.pass')).toMatchObject({
    attributes: { 'error.type': expect.stringMatching(/^DATABASE_/) },
    status: { code: SpanStatusCode.ERROR },
  });
});

test('without a tracer of its own the global one is used, under the name and version of the package', async () => {
  trace.setGlobalTracerProvider(recorder.tracerProvider);
  const telemetry = openTelemetry({ gauges: false });
  telemetry.beginPass?.({ trigger: 'drain' }).end({ durationMs: 1 });
  trace.disable();
  expect(only('file_registry.pass').instrumentationScope).toMatchObject({
    name: 'nestjs-file-registry',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});
