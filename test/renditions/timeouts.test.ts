import { PassThrough, type Readable } from 'node:stream';
import { FileRegistry } from 'nestjs-file-registry';
import { expect, test, vi } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { RESOLVED_OPTIONS } from '../../src/options/options-token.js';
import { until } from '../registry/until.js';
import { awaitedLater } from '../support/awaited-later.js';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry({ timeoutMs: 300, leaseMs: 1000 });
const { files, maker } = registry;

const failed = { code: 'RENDITION_FAILED', kind: 'permanent' };

test.for(['the maker', 'its content'])(
  '%s that never ends is given up when its time is over',
  async (what) => {
    const original = await registry.original();
    const endless = new PassThrough();
    endless.write('half of it');
    let signal: AbortSignal | undefined;
    maker.next((request) => {
      signal = request.signal;
      return what === 'the maker' ? new Promise(() => undefined) : { content: endless };
    });
    await expect(files.rendition(original, 'size=1')).rejects.toMatchObject({
      ...failed,
      message: expect.stringContaining('longer than 300 ms'),
    });
    expect(signal?.aborted).toBe(true);
    expect(endless.destroyed).toBe(what === 'its content');
    expect(await registry.leftovers()).not.toContain('reserved');
    expect(await registry.leases()).toContainEqual({ slot: 'size=1', failed: true });
  },
);

test('a storage that never answers holds neither the call nor, in other processes, the rendition', async () => {
  const original = await registry.original();
  const silent = Promise.withResolvers<never>();
  const taken = Promise.withResolvers<void>();
  const options = registry.module.get(RESOLVED_OPTIONS);
  vi.spyOn(options.storages.get('media'), 'write').mockImplementationOnce(() => {
    taken.resolve();
    return silent.promise;
  });
  const making = awaitedLater(files.rendition(original, 'size=1'));
  await taken.promise;

  const other = new FileRegistry(
    registry.module.get(RESOLVED_OPTIONS),
    registry.module.get(RegistryDatabase),
  );
  expect(await registry.content(await other.rendition(original, 'size=1'))).toBe('{"size":"1"}');
  await expect(making).rejects.toMatchObject(failed);
  silent.reject(new Error('the connection was reset'));
});

test('what a maker answers after its time is over is ended and nothing of it stored', async () => {
  const original = await registry.original();
  const late = new PassThrough();
  const answered = Promise.withResolvers<{ content: Readable }>();
  maker.next(() => answered.promise);
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(failed);
  answered.resolve({ content: late });
  await until('the stream is ended', async () => late.destroyed);
  expect(await registry.specsOf(original)).toEqual([]);
});

test('a shutdown ends what is being made and releases its lease', async () => {
  const original = await registry.original();
  const { asked } = maker.nextWaits();
  const making = awaitedLater(files.rendition(original, 'size=shutdown'));
  await asked;
  await files.onApplicationShutdown();
  await expect(making).rejects.toMatchObject({ code: 'RENDITION_BUSY', kind: 'retryable' });
  expect(await registry.leases()).not.toContainEqual(expect.objectContaining({ slot: 'size=shutdown' }));

  const stored = await files.storeRendition(original, 'size=shutdown', Buffer.from('x'));
  expect(await files.rendition(original, 'size=shutdown')).toEqual(stored);
  await expect(files.rendition(original, 'size=2')).rejects.toMatchObject({ code: 'RENDITION_BUSY' });
});
