import { setTimeout as pause } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { FileRegistry, InvalidImageError, InvalidRenditionSpecError } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { RESOLVED_OPTIONS } from '../../src/options/options-token.js';
import { awaitedLater } from '../support/awaited-later.js';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry({ failureTtlMs: 1000 });
const { files, maker } = registry;

const failed = { code: 'RENDITION_FAILED', kind: 'permanent' };

/** A second after a failure nobody is told of it any more. */
const forget = () => registry.passTime('1 second');

/** What was given up is due at once, and once more after the time-to-live of uploads. */
async function expectNothingLeft(): Promise<void> {
  expect(await registry.leftovers()).not.toContain('reserved');
  expect((await registry.leases()).filter(({ failed: isFailure }) => !isFailure)).toEqual([]);
  await registry.processor.drain();
  for (const path of await registry.media.files()) expect(path).not.toMatch(/part$/);
}

test('it is made of the original, once, and served from then on', async () => {
  const original = await registry.original();
  maker.next(async ({ read, spec }) => ({
    content: Readable.from(
      [`${JSON.stringify(spec)} of `, ...(await (await read()).toArray())].map((text) => Buffer.from(text)),
    ),
    contentType: 'image/webp',
    filename: 'small.webp',
    metadata: { width: 1 },
  }));
  const made = await files.rendition(original, { size: '1' });
  expect(made).toMatchObject({
    spec: { size: '1' },
    kind: 'sized',
    contentType: 'image/webp',
    filename: 'small.webp',
    metadata: { width: 1 },
  });
  expect(await registry.content(made)).toBe('{"size":"1"} of the original');
  expect(await files.rendition(original.id, 'size=1')).toEqual(made);
  expect(maker.requests).toHaveLength(1);
  expect(maker.requests[0]).toMatchObject({ original, spec: { size: '1' } });
  expect(await registry.leases()).toEqual([]);
});

test('what is there is served whatever the maker says, what is not there is refused by it before a lease', async () => {
  const original = await registry.original();
  const made = await files.rendition(original, 'size=1');
  maker.refusal = new InvalidRenditionSpecError('I know no such size.');
  expect(await files.rendition(original, 'size=1')).toEqual(made);
  await expect(files.rendition(original, 'size=2')).rejects.toBe(maker.refusal);
  expect(maker.requests).toHaveLength(1);
  expect(await registry.leases()).toEqual([]);
});

test('fifty callers share one making, and a signal ends the waiting of its caller alone', async () => {
  const original = await registry.original();
  const { asked, answer } = maker.nextWaits();
  const abort = new AbortController();
  const aborted = awaitedLater(files.rendition(original, 'size=1', { signal: abort.signal }));
  const others = Array.from({ length: 49 }, () => files.rendition(original, { size: '1' }));
  const { signal } = await asked;
  abort.abort(new Error('gone home'));
  await expect(aborted).rejects.toThrow('gone home');
  expect(signal.aborted).toBe(false);
  answer({ content: Buffer.from('x') });
  expect(new Set((await Promise.all(others)).map(({ id }) => id)).size).toBe(1);
  await expect(files.rendition(original, 'size=1', { signal: abort.signal })).rejects.toThrow('gone home');
  expect(maker.requests).toHaveLength(1);
});

const broken: Record<string, [() => unknown, string]> = {
  'yields nothing': [() => undefined, 'made nothing'],
  'yields no content': [() => ({}), 'made nothing'],
  'yields content of no bytes': [() => ({ content: Buffer.alloc(0) }), 'no bytes'],
  'yields a text instead of bytes': [() => ({ content: 'text' }), 'Content cannot be'],
  'yields a stream that ends at once': [() => ({ content: Readable.from([]) }), 'no bytes'],
  'throws an error with a NUL': [() => Promise.reject(new Error('bro\0ken')), 'broken'],
  'throws no error': [() => Promise.reject('a text'), 'a text'],
  'throws before it begins': [
    () => {
      throw new TypeError('x is not a function');
    },
    'x is not a function',
  ],
  'throws after half the bytes': [
    () => ({
      content: Readable.from(
        (async function* () {
          yield Buffer.alloc(100_000);
          await pause(20);
          throw new Error('the pipe broke');
        })(),
      ),
    }),
    'the pipe broke',
  ],
};

test.for(Object.keys(broken))(
  'a maker that %s is reported to all, and tried again after a while',
  async (name) => {
    const [script, message] = broken[name]!;
    const original = await registry.original();
    maker.next(script as () => never);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => files.rendition(original, 'size=1')));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { ...failed, context: { fileId: original.id, spec: 'size=1' } },
      });
      expect((outcome as PromiseRejectedResult).reason.message).toContain(message);
    }
    await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(failed);
    expect(maker.requests).toHaveLength(1);
    expect(await registry.specsOf(original)).toEqual([]);
    await expectNothingLeft();

    await forget();
    await files.rendition(original, 'size=1');
    expect(maker.requests).toHaveLength(2);
    expect(await registry.leases(original)).toEqual([]);
  },
);

test('an error of the registry keeps its code, and its cause where it was thrown', async () => {
  const original = await registry.original();
  const cause = new InvalidImageError('No image.');
  maker.next(() => Promise.reject(cause));
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject({
    context: { code: 'INVALID_IMAGE' },
    cause,
  });
  const later = await files.rendition(original, 'size=1').catch((error: unknown) => error);
  expect(later).toMatchObject({ ...failed, context: { code: 'INVALID_IMAGE', message: 'No image.' } });
  expect((later as Error).cause).toBeUndefined();
});

test.for(['erased', 'condemned'])(
  'an original that is %s while its rendition is made takes it along',
  async (how) => {
    const original = await registry.original();
    const { asked, answer } = maker.nextWaits();
    const making = awaitedLater(files.rendition(original, 'size=1'));
    await asked;
    if (how === 'erased') await registry.erase(original);
    else {
      await registry.detach(original, original.id);
      await registry.pool.query('select file_registry.settle($1, 0, 100, $2, 0)', ['detached', '-infinity']);
    }
    answer({ content: Buffer.from('too late') });
    await expect(making).rejects.toMatchObject({ code: 'FILE_CONDEMNED' });
    expect(await registry.leases(original)).toEqual([]);
    await registry.settleAll();
    expect(await registry.media.files()).not.toContain(original.key);
    expect(await registry.leftovers()).toEqual([]);
  },
);

test('a transaction that holds the original is not waited for: the call says so, and nothing is left', async () => {
  const original = await registry.original();
  const session = await registry.database.begun();
  await session.query('select from file_registry.files where id = $1 for update', [original.id]);
  const busy = { code: 'FILE_BUSY', kind: 'retryable' };
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(busy);
  await expect(files.storeRendition(original, 'size=1', Buffer.from('x'))).rejects.toMatchObject(busy);
  await session.query('rollback');
  await expectNothingLeft();
  await files.rendition(original, 'size=1');
});

test('a transaction that attaches the original is not in the way', async () => {
  const original = await registry.original();
  const session = await registry.database.begun();
  await session.query(`select file_registry.attach(array[$1::uuid], 'article', 'x', 'cover')`, [original.id]);
  expect(await files.rendition(original, 'size=1')).toMatchObject({ kind: 'sized' });
  await session.query('commit');
});

test('a lease that another took over ends the making, and its call gets what the other made', async () => {
  const original = await registry.original();
  const { asked, answer } = maker.nextWaits();
  const making = files.rendition(original, 'size=1');
  await asked;
  await registry.passTime('16 seconds');
  await registry.pool.query(`select file_registry.begin_rendition($1, 'size=1', gen_random_uuid(), 600000)`, [
    original.id,
  ]);
  answer({ content: Buffer.from('of the first') });
  const stored = await files.storeRendition(original, 'size=1', Buffer.from('of the other'));
  expect(await making).toMatchObject({ id: stored.id });
  expect(await registry.content(stored)).toBe('of the other');
  await registry.passTime('11 minutes');
});

test('what was stored while it was made is the answer', async () => {
  const original = await registry.original();
  const { asked, answer } = maker.nextWaits();
  const making = files.rendition(original, 'size=1');
  await asked;
  const stored = await files.storeRendition(original, 'size=1', Buffer.from('stored'));
  answer({ content: Buffer.from('made') });
  expect(await making).toEqual(stored);
  await expectNothingLeft();
});

test('leases that ended long ago are cleared away by the next ones', async () => {
  await registry.pool.query('delete from file_registry.rendition_leases');
  await registry.pool.query(
    `insert into file_registry.rendition_leases
     select gen_random_uuid(), 'size=old', gen_random_uuid(), clock_timestamp() - interval '2 minutes'
       from generate_series(1, 15)`,
  );
  const original = await registry.original();
  await files.rendition(original, 'size=1');
  expect(await registry.leases()).toHaveLength(5);
  await files.rendition(original, 'size=2');
  expect(await registry.leases()).toEqual([]);
});

test('where the maker is not done in time the caller is told to ask again', async () => {
  const options = registry.module.get(RESOLVED_OPTIONS);
  const impatient = new FileRegistry(
    { ...options, renditions: { ...options.renditions, waitTimeoutMs: 0 } },
    registry.module.get(RegistryDatabase),
  );
  const original = await registry.original();
  const { asked, answer } = maker.nextWaits();
  const making = files.rendition(original, 'size=1');
  await asked;
  await expect(impatient.rendition(original, 'size=1')).rejects.toMatchObject({
    code: 'RENDITION_BUSY',
    kind: 'retryable',
  });
  answer({ content: Buffer.from('x') });
  const made = await making;
  expect(await impatient.rendition(original, 'size=1')).toEqual(made);
});
