import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { faults } from 'nestjs-file-registry/testing';
import { createHttpApp, form, platforms } from './support/http-app.js';
import { partialUpload } from './support/partial-upload.js';

const apps = await Promise.all(platforms.map((platform) => createHttpApp(platform)));

describe.each(apps)('on $platform', (app) => {
  afterEach(async () => {
    await app.assertLaws();
    app.storage.heal();
    await app.forget();
    await app.untilNothingIsLeft();
  });

  test('an upload is published, and can be read', async () => {
    const content = randomBytes(300_000);
    const response = await app.publish('Lakes', content, 'lake at dusk.png');
    expect(response.status).toBe(201);
    const { id, cover } = (await response.json()) as { id: number; cover: string };

    expect(await app.files.find(cover)).toMatchObject({
      filename: 'lake at dusk.png',
      contentType: 'image/png',
      size: 300_000,
    });
    expect(await app.files.references(cover)).toMatchObject([{ type: 'article', id: String(id) }]);
    const received = await (await app.fetch(`/articles/${id}/cover`)).arrayBuffer();
    expect(Buffer.from(received).equals(content)).toBe(true);
  });

  test('names keep their letters', async () => {
    await app.publish('Names', 'bytes', 'Grüße 你好 50%.png');
    expect(await app.rows()).toMatchObject([{ filename: 'Grüße 你好 50%.png' }]);
  });

  test('a type that the client does not know is told by the name', async () => {
    await app.publish('Types', 'bytes', 'photo.webp', 'application/octet-stream');
    expect(await app.rows()).toMatchObject([{ content_type: 'image/webp' }]);
  });

  test('a part without a type is text, as forms have it, whatever its name', async () => {
    const lines = [
      '--x',
      'Content-Disposition: form-data; name="cover"; filename="photo.webp"',
      '',
      'bytes',
      '--x--',
      '',
    ];
    const response = await app.fetch('/articles', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: lines.join('\r\n'),
    });
    expect([response.status, await response.json()]).toEqual([
      415,
      expect.objectContaining({ code: 'CONTENT_TYPE_NOT_ALLOWED' }),
    ]);
  });

  test('a replaced cover is served at once; the old one goes after its grace period', async () => {
    const { id, cover } = (await (await app.publish('Hills', 'old')).json()) as { id: number; cover: string };
    const replaced = await app.replace(id, 'new');
    expect([replaced.status, await replaced.json()]).toEqual([
      200,
      { id, cover: expect.not.stringMatching(cover) },
    ]);
    expect(await (await app.fetch(`/articles/${id}/cover`)).text()).toBe('new');
    await app.processor.drain();
    expect(await app.files.explain(cover)).toMatchObject({ state: 'waiting' });
  });

  test('two uploads of one name at once are two files', async () => {
    const responses = await Promise.all([
      app.publish('First', 'one', 'same.png'),
      app.publish('Second', 'two', 'same.png'),
    ]);
    const bodies = await Promise.all(
      responses.map(async (response) => {
        const { id } = (await response.json()) as { id: number };
        return (await app.fetch(`/articles/${id}/cover`)).text();
      }),
    );
    expect(bodies).toEqual(['one', 'two']);
    expect(await app.rows()).toHaveLength(2);
  });

  test.each([
    ['has no title', (body: FormData) => body],
    ['has a title that is too long', (body: FormData) => (body.append('title', 'x'.repeat(101)), body)],
  ])('a form that %s leaves nothing of its upload', async (_, fill) => {
    const response = await app.fetch('/articles', { method: 'POST', body: fill(form('bytes')) });
    expect(response.status).toBe(400);
    expect(app.storage.calls.write).toBeGreaterThan(0);
    await app.untilNothingIsLeft();
  });

  test('a title that is taken leaves nothing of its upload, and the first one as it was', async () => {
    await app.publish('Taken', 'first');
    expect((await app.publish('Taken', 'second')).status).toBe(409);
    await app.processor.drain();
    expect(await app.rows()).toHaveLength(1);
    expect(await app.media.files()).toHaveLength(1);
  });

  test.each([
    ['/articles/4711/cover', 404],
    ['/articles/nonsense/cover', 400],
  ])('a cover for %s leaves nothing', async (path, status) => {
    expect((await app.fetch(path, { method: 'PUT', body: form('bytes') })).status).toBe(status);
    await app.untilNothingIsLeft();
  });

  test('a form without a file is refused', async () => {
    const body = new FormData();
    body.append('title', 'No cover');
    expect((await app.fetch('/articles', { method: 'POST', body })).status).toBe(400);
    expect(await app.articles()).toEqual([]);
  });

  test.each(['cover', 'other'])(
    'a second file, in the field %s, is refused with the first',
    async (field) => {
      const body = form('first');
      body.append(field, new Blob(['second'], { type: 'image/png' }), 'second.png');
      body.append('title', 'Two');
      expect((await app.fetch('/articles', { method: 'POST', body })).status).toBe(400);
      await app.untilNothingIsLeft();
    },
  );

  test.each([
    ['text/html', 'page.html'],
    ['nonsense', 'cover.png'],
    ['application/octet-stream', 'program.exe'],
  ])('a file of the type %s is refused', async (type, filename) => {
    const response = await app.publish('Wrong', '<html>', filename, type);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ statusCode: 415, code: 'CONTENT_TYPE_NOT_ALLOWED' });
    await app.untilNothingIsLeft();
  });

  test('a client that goes away in the middle leaves nothing, and nothing open', async () => {
    const upload = partialUpload(app.address('/articles'));
    await upload.arrives(app);
    upload.destroy();
    await app.untilNothingIsLeft();
    expect(await app.articles()).toEqual([]);
  });

  test('a form that ends too early is refused and leaves nothing', async () => {
    const upload = partialUpload(app.address('/articles'));
    await upload.arrives(app);
    expect(await upload.end()).toBe(400);
    await app.untilNothingIsLeft();
  });

  test('a storage that is away is 503, and asks to try again', async () => {
    app.storage.replan({ write: faults.failHalfway() });
    const response = await app.publish('Away', 'bytes');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toEqual({ statusCode: 503, message: 'Service Unavailable' });
    await app.untilNothingIsLeft();
  });
});
