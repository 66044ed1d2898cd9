import { text } from 'node:stream/consumers';
import { HttpException, Logger } from '@nestjs/common';
import { type HttpRequest, sendFile, type SendFileOptions } from 'nestjs-file-registry/http';
import { BytesMissingError, type FileArgument } from 'nestjs-file-registry';
import { afterEach, expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files } = registry;

afterEach(() => vi.restoreAllMocks());

/** Without a server: what it would set and send. */
async function send(file: FileArgument, options?: SendFileOptions, headers: HttpRequest['headers'] = {}) {
  const sent = { status: 0, headers: {} as Record<string, string> };
  const response = {
    status: (code: number) => (sent.status = code),
    header: (name: string, value: string) => (sent.headers[name] = value),
  };
  const answer = await sendFile(files, file, { method: 'GET', headers }, response, options);
  return { ...sent, ...answer?.getHeaders(), body: answer && (await text(answer.getStream())) };
}

test('a file is found by its id, or taken as it is with a look-up less', async () => {
  const file = await registry.store('bytes');
  const find = vi.spyOn(files, 'find');
  const byId = await send(file.id);
  expect(byId).toMatchObject({ status: 200, type: 'image/jpeg', length: 5, body: 'bytes' });
  const looks = find.mock.calls.length;

  expect(await send(file)).toEqual(byId);
  expect(find.mock.calls.length - looks).toBe(looks - 1);
});

test('name, disposition and cache are what the caller says', async () => {
  const file = await registry.store('bytes');
  const { headers, disposition } = await send(file, {
    disposition: 'attachment',
    filename: 'a\r\nb\ud83d.jpg',
    cacheControl: 'public, max-age=31536000, immutable',
  });
  expect(headers['Cache-Control']).toBe('public, max-age=31536000, immutable');
  expect(disposition).toBe(`attachment; filename="a??b?.jpg"; filename*=UTF-8''a%0D%0Ab%EF%BF%BD.jpg`);
});

test('a file without a name is sent without one', async () => {
  const file = await files.store(Buffer.from('bytes'), { contentType: 'image/png' });
  expect((await send(file)).disposition).toBe('inline');
});

test.each(['01900000-0000-7000-8000-000000000001', 'condemned'])(
  'what is no file, or none any more, is 404: %s',
  async (id) => {
    const file = id === 'condemned' ? await registry.store() : { id };
    await files.discard(file);
    const error = await send(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HttpException);
    expect(error).toMatchObject({ status: 404, cause: { code: expect.stringMatching(/^FILE_/) } });
  },
);

test('what is the fault of the server is logged with what to do', async () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const file = await registry.store();
  vi.spyOn(files, 'read').mockRejectedValue(new BytesMissingError('No bytes.'));
  await expect(send(file)).rejects.toMatchObject({ status: 500 });
  expect(log).toHaveBeenCalledWith('BYTES_MISSING: No bytes.', expect.any(String));
});

test('bytes that fail after the first of them break the answer off, also before any of it was sent', async () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  const file = await files.store(Buffer.alloc(200_000));
  const response = { status: vi.fn(), header: vi.fn(), destroy: vi.fn() };
  const answer = await sendFile(files, file, { method: 'GET', headers: {} }, response);
  const stream = answer?.getStream().destroy(new Error('the disk is gone'));
  await new Promise((resolve) => stream?.once('close', resolve));
  expect(response.destroy).toHaveBeenCalledOnce();
  expect(log).toHaveBeenCalledWith('A download was broken off. Error: the disk is gone', expect.any(String));
});
