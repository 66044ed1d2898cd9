import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  InvalidImageError,
  type MadeRendition,
  type RenditionMaker,
  type RenditionRequest,
} from 'nestjs-file-registry';
import { sharpMaker } from 'nestjs-file-registry/sharp';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { project } from '../examples/run-script.js';
import { passTime } from '../support/pass-time.js';
import { createHttpApp, platforms } from './support/http-app.js';

const spec = 'size=crop-400x400';
const sets = { covers: [spec, { size: 'thumbnail-200x200', filter: 'grayscale' }] };

/** Counts, and says what it was asked for. */
class CountingMaker implements RenditionMaker {
  calls = 0;
  failure: Error | undefined;

  async make({ read, spec: { size } }: RenditionRequest): Promise<MadeRendition> {
    this.calls++;
    if (this.failure !== undefined) throw this.failure;
    const original = await text(await read());
    return {
      content: Buffer.from(`${size} of ${original}`),
      contentType: 'image/webp',
      filename: 'small.webp',
    };
  }
}

const apps = await Promise.all(
  platforms.map(async (platform) => {
    const maker = new CountingMaker();
    return { platform, maker, app: await createHttpApp(platform, { renditions: { maker, sets } }) };
  }),
);
const withSharp = await createHttpApp('express', { renditions: { maker: sharpMaker(), sets } });

describe.each(apps)('on $platform', ({ app, maker }) => {
  beforeEach(() => {
    maker.calls = 0;
    maker.failure = undefined;
  });

  afterEach(async () => {
    await app.assertLaws();
    await app.forget();
    await app.untilNothingIsLeft();
  });

  const urlOf = (id: string, wanted = spec) => `/files/${id}/renditions/${encodeURIComponent(wanted)}`;

  test('the first request makes it, the second is served what is there', async () => {
    const { cover } = await app.article('a lake');
    const first = await app.fetch(urlOf(cover.id));
    expect([first.status, await first.text()]).toEqual([200, 'crop-400x400 of a lake']);
    expect(first.headers.get('content-type')).toBe('image/webp');
    expect(first.headers.get('content-disposition')).toBe('inline; filename=small.webp');

    const etag = first.headers.get('etag') ?? '';
    expect(etag).not.toBe(`"${cover.id}"`);
    const second = await app.fetch(urlOf(cover.id), { headers: { range: 'bytes=0-3' } });
    expect([second.status, await second.text()]).toEqual([206, 'crop']);
    expect((await app.fetch(urlOf(cover.id), { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect(maker.calls).toBe(1);
  });

  test('of many first requests at once one makes it, and all get it', async () => {
    const { cover } = await app.article('hills');
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await app.fetch(urlOf(cover.id));
        return [response.status, response.headers.get('etag'), await response.text()];
      }),
    );
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(answers[0]).toEqual([200, expect.any(String), 'crop-400x400 of hills']);
    expect(maker.calls).toBe(1);
  });

  test('both parts of a spec are asked for in their canonical order', async () => {
    const { cover } = await app.article('dunes');
    expect((await app.fetch(urlOf(cover.id, 'filter=grayscale;size=thumbnail-200x200'))).status).toBe(200);
    expect((await app.fetch(urlOf(cover.id, 'size=thumbnail-200x200;filter=grayscale'))).status).toBe(404);
  });

  test.each([
    'size=crop-9999x9999',
    'size=../..',
    'nonsense',
    `filter=${'x'.repeat(5000)}`,
    'size=crop-400x400;',
  ])('what is in no set is not made: %.40s', async (wanted) => {
    const { cover } = await app.article('x');
    expect((await app.fetch(urlOf(cover.id, wanted))).status).toBeGreaterThanOrEqual(400);
    expect((await app.fetch(urlOf(cover.id, wanted))).status).toBeLessThan(500);
    expect([maker.calls, await app.files.renditions(cover)]).toEqual([0, []]);
  });

  test('of what is no file nothing is made', async () => {
    expect((await app.fetch(urlOf('01900000-0000-7000-8000-000000000001'))).status).toBe(404);
    expect((await app.fetch(urlOf('nonsense'))).status).toBe(400);
    expect(maker.calls).toBe(0);
  });

  test('when the article goes its renditions go, and their URLs end', async () => {
    const { id, cover } = await app.article('x');
    await app.fetch(urlOf(cover.id));
    expect((await app.fetch(`/articles/${id}`, { method: 'DELETE' })).status).toBe(204);
    await passTime(app.pool, '25 hours');
    await app.processor.drain();
    await app.processor.drain();

    expect((await app.fetch(urlOf(cover.id))).status).toBe(404);
    expect(maker.calls).toBe(1);
    expect(await app.rows()).toEqual([]);
    expect(await app.media.files()).toEqual([]);
  });

  test.each([
    ['an original that is no image', new InvalidImageError('It is a poem.'), 422],
    ['a maker that fails', new Error('/secret/path'), 500],
  ])('%s is told, and not in its words', async (_, failure, status) => {
    const { cover } = await app.article('x');
    maker.failure = failure;
    const response = await app.fetch(urlOf(cover.id));
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/secret|poem/);
    expect(await app.files.renditions(cover)).toEqual([]);
  });
});

test('a photo that was uploaded is cropped by sharp', async () => {
  const photo = await readFile(join(project, 'examples/media/lake-at-dusk.jpg'));
  const published = await withSharp.publish('Lake', photo, 'lake.jpg', 'image/jpeg');
  const { cover } = (await published.json()) as { cover: string };
  const response = await withSharp.fetch(`/files/${cover}/renditions/${encodeURIComponent(spec)}`);
  const { width, height } = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
  expect([response.status, width, height]).toEqual([200, 400, 400]);
});
