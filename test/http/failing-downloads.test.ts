import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, rm, truncate } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { faults } from 'nestjs-file-registry/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { until } from '../registry/until.js';
import { createHttpApp, platforms } from './support/http-app.js';

const apps = await Promise.all(platforms.map((platform) => createHttpApp(platform)));

describe.each(apps)('on $platform', (app) => {
  afterEach(async () => {
    vi.restoreAllMocks();
    app.storage.heal();
    await app.untilNothingIsOpen();
  });

  function answerWith(chunks: () => AsyncGenerator<Buffer>): { destroyed: () => boolean } {
    const stream = Readable.from(chunks(), { objectMode: false });
    vi.spyOn(app.storage.inner, 'read').mockResolvedValueOnce(stream);
    return { destroyed: () => stream.destroyed };
  }

  test('a storage that is away is 503, without a word of the file', async () => {
    const { path } = await app.article('0123456789');
    app.storage.replan({ read: faults.fail() });
    const response = await app.fetch(path);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(response.headers.get('accept-ranges')).toBeNull();
    expect(response.headers.get('cache-control')).toBeNull();
    expect(await response.json()).toEqual({ statusCode: 503, message: 'Service Unavailable' });

    app.storage.heal();
    expect(await (await app.fetch(path)).text()).toBe('0123456789');
  });

  test('bytes that are missing are the fault of the server', async () => {
    const { path, cover } = await app.article('0123456789');
    await rm(join(app.media.path, cover.key));
    const response = await app.fetch(path);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ statusCode: 500, message: 'Internal Server Error' });
  });

  test('a stream that fails before its first byte is answered as an error', async () => {
    const { path } = await app.article('0123456789');
    const { destroyed } = answerWith(async function* () {
      throw new Error('/secret/path is gone');
    });
    const response = await app.fetch(path);
    expect(response.status).toBe(500);
    expect(response.headers.get('cache-control')).toBeNull();
    expect(await response.text()).not.toContain('secret');
    expect(destroyed()).toBe(true);
  });

  test('a stream that fails in the middle ends the connection, and nothing else', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { path } = await app.article(Buffer.alloc(200_000));
    let fail!: () => void;
    const failed = new Promise<void>((resolve) => (fail = resolve));
    const { destroyed } = answerWith(async function* () {
      yield Buffer.alloc(100_000);
      await failed;
      throw new Error('the disk is gone');
    });
    const response = await app.fetch(path);
    fail();
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
    expect(destroyed()).toBe(true);
    expect(log.mock.calls).toEqual([
      ['A download was broken off. Error: the disk is gone', expect.any(String)],
    ]);
    expect((await app.fetch(path)).status).toBe(200);
  });

  test('what lies behind the end of a file is not sent, and cannot pass for another answer', async () => {
    const { path, cover } = await app.article('0123456789');
    await appendFile(join(app.media.path, cover.key), 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL');
    expect((await app.fetch(path)).status).toBe(500);

    const large = await app.article(Buffer.alloc(200_000));
    await appendFile(join(app.media.path, large.cover.key), Buffer.alloc(200_000));
    const response = await app.fetch(large.path);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  });

  test('a range that the storage does not respect is an error', async () => {
    const { path } = await app.article('0123456789');
    answerWith(async function* () {
      yield Buffer.from('0123456789');
    });
    expect((await app.fetch(path, { headers: { range: 'bytes=2-3' } })).status).toBe(500);
  });

  test('a file that was truncated in the storage is no whole answer, and nobody waits for its rest', async () => {
    const { path, cover } = await app.article(Buffer.alloc(200_000));
    await truncate(join(app.media.path, cover.key), 100_000);
    const response = await app.fetch(path);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');

    await truncate(join(app.media.path, cover.key), 0);
    expect((await app.fetch(path)).status).toBe(500);
  });

  test('a client that goes away in the middle leaves nothing open', async () => {
    const { path } = await app.article(randomBytes(32 * 1024 * 1024));
    const request = get(app.address(path), { agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    await once(response, 'readable');
    await until('the file is being read', () => app.openFiles().length === 1);

    request.on('error', () => undefined).destroy();
    await app.untilNothingIsOpen();
    expect((await app.fetch(path, { method: 'HEAD' })).status).toBe(200);
  });

  test('a client that goes away before the first byte leaves nothing open', async () => {
    const { path } = await app.article('0123456789');
    let waiting = false;
    const { destroyed } = answerWith(async function* () {
      waiting = true;
      await new Promise<never>(() => undefined);
      yield Buffer.alloc(1);
    });
    const request = get(app.address(path), { agent: false }).on('error', () => undefined);
    await until('the first byte is waited for', () => waiting);
    request.destroy();
    await until('the stream is closed', destroyed);
    expect(await (await app.fetch(path)).text()).toBe('0123456789');
  });

  test('a client that goes away before the storage has answered takes the question back', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { path } = await app.article('0123456789');
    let question: AbortSignal | undefined;
    const read = vi.spyOn(app.storage.inner, 'read').mockImplementationOnce(
      (_object, { signal } = {}) =>
        new Promise((_, reject) => {
          question = signal;
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const request = get(app.address(path), { agent: false }).on('error', () => undefined);
    await until('the storage is asked', () => read.mock.calls.length > 0);
    request.destroy();
    await until('the question is taken back', () => question?.aborted === true);
    expect(await (await app.fetch(path)).text()).toBe('0123456789');
    expect(log).not.toHaveBeenCalled();
  });

  test('a stream that comes after its client has gone is closed', async () => {
    const { path } = await app.article('0123456789');
    const late = Readable.from([Buffer.from('0123456789')]);
    let gone: AbortSignal | undefined;
    vi.spyOn(app.storage.inner, 'read').mockImplementationOnce(async (_object, { signal } = {}) => {
      gone = signal;
      await until('the client has gone', () => signal?.aborted === true);
      return late;
    });
    const request = get(app.address(path), { agent: false }).on('error', () => undefined);
    await until('the storage is asked', () => gone !== undefined);
    request.destroy();
    await until('the stream is closed', () => late.closed);
    expect(late.errored).toBeNull();
  });
});
