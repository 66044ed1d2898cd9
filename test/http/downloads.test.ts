import { randomBytes } from 'node:crypto';
import { parse } from 'content-disposition';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createHttpApp, platforms } from './support/http-app.js';

const apps = await Promise.all(platforms.map((platform) => createHttpApp(platform)));

describe.each(apps)('on $platform', (app) => {
  afterEach(() => app.untilNothingIsOpen());
  afterAll(() => app.assertLaws());

  async function answered(path: string, headers: Record<string, string> = {}, method = 'GET') {
    const response = await app.fetch(path, { method, headers });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  test('a whole file comes with everything that says what it is', async () => {
    const { path, cover } = await app.article('0123456789');
    const { status, headers, body } = await answered(path);

    expect([status, body]).toEqual([200, '0123456789']);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '10',
      'content-disposition': 'inline; filename=cover.png',
      'accept-ranges': 'bytes',
      etag: `"${cover.id}"`,
      'last-modified': cover.createdAt.toUTCString(),
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
  });

  test('a large file arrives as it was stored', async () => {
    const content = randomBytes(3 * 1024 * 1024 + 1);
    const { path } = await app.article(content);
    const received = Buffer.from(await (await app.fetch(path)).arrayBuffer());
    expect(received.equals(content)).toBe(true);
  });

  test('an empty file is answered', async () => {
    const { path } = await app.article('');
    const { status, headers, body } = await answered(path);
    expect([status, headers.get('content-length'), body]).toEqual([200, '0', '']);
  });

  test('the last bytes of an empty file are all of it, its first are not there', async () => {
    const { path } = await app.article('');
    expect(await answered(path, { range: 'bytes=-5' })).toMatchObject({ status: 200, body: '' });
    expect((await answered(path, { range: 'bytes=-0' })).status).toBe(416);
    expect((await answered(path, { range: 'bytes=0-' })).status).toBe(416);
  });

  test.each([
    ['bytes=2-4', 'bytes 2-4/10', '234'],
    ['bytes=7-', 'bytes 7-9/10', '789'],
    ['bytes=-3', 'bytes 7-9/10', '789'],
    ['bytes=8-100', 'bytes 8-9/10', '89'],
    ['bytes=-100', 'bytes 0-9/10', '0123456789'],
    ['bytes=0-9', 'bytes 0-9/10', '0123456789'],
  ])('%s is a part of it', async (range, contentRange, part) => {
    const { path, cover } = await app.article('0123456789');
    const { status, headers, body } = await answered(path, { range });
    expect([status, body]).toEqual([206, part]);
    expect(headers.get('content-range')).toBe(contentRange);
    expect(headers.get('content-length')).toBe(String(part.length));
    expect(headers.get('etag')).toBe(`"${cover.id}"`);
  });

  test.each([
    'bytes=0-1,4-5',
    'bytes=4-2,9-9,0-0',
    'lines=1-2',
    'lines=90-',
    'bytesize=90-',
    'bytes=a-b',
    'nonsense',
  ])('%s is answered with the whole', async (range) => {
    const { path } = await app.article('0123456789');
    const { status, headers, body } = await answered(path, { range });
    expect([status, headers.get('content-range'), body]).toEqual([200, null, '0123456789']);
  });

  test.each(['bytes=10-', 'bytes=20-30', 'bytes=-0', 'bytes=4-2'])(
    '%s cannot be satisfied',
    async (range) => {
      const { path } = await app.article('0123456789');
      const { status, headers, body } = await answered(path, { range });
      expect([status, headers.get('content-range'), body]).toEqual([416, 'bytes */10', '']);
    },
  );

  test('a client that has the file is told so, and no byte is read', async () => {
    const { path, cover } = await app.article('0123456789');
    const { read } = app.storage.calls;
    for (const has of [`"${cover.id}"`, `"other", W/"${cover.id}"`, '*']) {
      const { status, headers, body } = await answered(path, { 'if-none-match': has });
      expect([status, body]).toEqual([304, '']);
      expect(headers.get('etag')).toBe(`"${cover.id}"`);
      expect(headers.get('cache-control')).toBe('private, no-cache');
    }
    const since = { 'if-modified-since': cover.createdAt.toUTCString() };
    expect((await answered(path, since)).status).toBe(304);
    expect(app.storage.calls.read).toBe(read);

    expect((await answered(path, { 'if-none-match': '"other"', ...since })).status).toBe(200);
    expect((await answered(path, { 'if-modified-since': new Date(0).toUTCString() })).status).toBe(200);
  });

  test('a replaced cover is another file for those who have the old one', async () => {
    const { id, path, cover } = await app.article('old');
    expect((await app.replace(id, 'new')).status).toBe(200);
    expect((await answered(path, { 'if-none-match': `"${cover.id}"` })).body).toBe('new');
    expect((await answered(path, { range: 'bytes=1-', 'if-range': `"${cover.id}"` })).body).toBe('new');
  });

  test('a part is sent only of the file that the client has the other part of', async () => {
    const { path, cover } = await app.article('0123456789');
    const part = async (ifRange: string) =>
      (await answered(path, { range: 'bytes=5-', 'if-range': ifRange })).body;
    expect(await part(`"${cover.id}"`)).toBe('56789');
    expect(await part(cover.createdAt.toUTCString())).toBe('56789');
    expect(await part('"other"')).toBe('0123456789');
    expect(await part(`W/"${cover.id}"`)).toBe('0123456789');
    expect(await part(new Date(0).toUTCString())).toBe('0123456789');
  });

  test('a condition that the file does not meet is refused', async () => {
    const { path, cover } = await app.article('0123456789');
    const status = async (headers: Record<string, string>) => (await answered(path, headers)).status;
    expect(await status({ 'if-match': '"other"' })).toBe(412);
    expect(await status({ 'if-match': `W/"${cover.id}"` })).toBe(412);
    expect(await status({ 'if-match': `"other", "${cover.id}"` })).toBe(200);
    expect(await status({ 'if-match': '*' })).toBe(200);
    expect(await status({ 'if-unmodified-since': new Date(0).toUTCString() })).toBe(412);
    expect(await status({ 'if-unmodified-since': cover.createdAt.toUTCString() })).toBe(200);
  });

  test('HEAD says the same as GET and reads nothing', async () => {
    const { path } = await app.article('0123456789');
    const whole = await answered(path);
    const { read } = app.storage.calls;
    const head = await answered(path, { range: 'bytes=2-4' }, 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
    for (const name of ['content-type', 'content-length', 'content-disposition', 'etag', 'accept-ranges']) {
      expect([name, head.headers.get(name)]).toEqual([name, whole.headers.get(name)]);
    }
    expect(app.storage.calls.read).toBe(read);
  });

  test.each([
    ['image/png', 'inline'],
    ['video/mp4', 'inline'],
    ['audio/mpeg', 'inline'],
    ['text/plain', 'inline'],
    ['application/pdf', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['text/xml', 'attachment'],
    ['text/javascript', 'attachment'],
    ['application/octet-stream', 'attachment'],
  ])('%s is %s', async (contentType, disposition) => {
    const { path } = await app.article('<script>', { contentType, filename: 'a' });
    const { headers } = await answered(path);
    expect(headers.get('content-type')).toBe(contentType);
    expect(headers.get('content-disposition')).toBe(`${disposition}; filename=a`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('names come in UTF-8', async () => {
    const { path } = await app.article('x', { filename: 'Grüße 你好.png' });
    expect((await answered(path)).headers.get('content-disposition')).toBe(
      `inline; filename="Gr??e ??.png"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%E4%BD%A0%E5%A5%BD.png`,
    );
  });

  test('a name brings no header of its own', async () => {
    const { path, cover } = await app.article('x', {
      filename: 'a\r\nSet-Cookie: a=b\r\n\r\n<b>"; filename="c.exe',
    });
    const { headers, body } = await answered(path);
    expect([headers.get('set-cookie'), body]).toEqual([null, 'x']);
    expect(parse(headers.get('content-disposition') ?? '')).toMatchObject({
      type: 'inline',
      parameters: { filename: cover.filename },
    });
  });

  test('what is not there is 404', async () => {
    expect((await answered('/articles/4711/cover')).status).toBe(404);
    const { id, path } = await app.article('x');
    expect((await app.fetch(`/articles/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await answered(path)).status).toBe(404);
  });
});
