import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { draw, drawFrames, drawNoise, red, white } from './draw.js';
import { makeRendition, pixelsOf } from './make-rendition.js';

const spec = { size: 'crop-10x10' };
const noise = drawNoise(100, 80);

function refused(reason: string) {
  return { code: 'INVALID_IMAGE', kind: 'usage', context: { reason } };
}

function svg(inside: string, attributes = 'width="10" height="10"'): Buffer {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inside}</svg>`);
}

/** A PNG that says it has so many pixels, in less than a kilobyte. */
function boastingPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const chunks = [
    ['IHDR', header],
    ['IDAT', deflateSync(Buffer.alloc(1000))],
    ['IEND', Buffer.alloc(0)],
  ] as const;
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks.map(pngChunk)]);
}

function pngChunk([type, data]: readonly [string, Buffer]): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

describe('what is no image', () => {
  test.each([
    ['text', Buffer.from('This is a letter, and somebody called it photo.jpg.\n'.repeat(50))],
    ['zeros', Buffer.alloc(5000)],
    ['one byte', Buffer.from('x')],
    ['a ZIP', Buffer.from('504b0304140000000800', 'hex')],
    ['a PDF', Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\n')],
    ['CSV', Buffer.from('id,name\n1,a\n2,b\n')],
  ])('%s is refused whatever its name', async (_, bytes) => {
    const options = { original: { filename: 'photo.jpg', contentType: 'image/jpeg' } };
    const making = makeRendition(bytes, spec, options);
    await expect(making).rejects.toMatchObject(refused('not-an-image'));
    await expect(making).rejects.toThrow(/photo\.jpg/);
  });

  test('no bytes are refused', async () => {
    await expect(makeRendition(Buffer.alloc(0), spec)).rejects.toMatchObject(refused('empty'));
  });
});

describe('a truncated image', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)(
    'in %s is refused, wherever it ends',
    async (format) => {
      const bytes = await noise.clone().toFormat(format).toBuffer();
      for (const part of [0.2, 0.5, 0.9]) {
        const making = makeRendition(bytes.subarray(0, bytes.length * part), spec);
        await expect(making, `${part}`).rejects.toMatchObject(refused('damaged'));
      }
    },
  );

  test('is refused by filters of several stages too', async () => {
    const bytes = await noise.clone().jpeg().toBuffer();
    const making = makeRendition(bytes.subarray(0, bytes.length / 2), { filter: 'invert+flip+png' });
    await expect(making).rejects.toMatchObject(refused('damaged'));
  });
});

describe('a decompression bomb', () => {
  test.each([
    [50_000, 50_000],
    [10_001, 10_000],
    [2_000_000_000, 1],
  ])('of %i by %i pixels in a kilobyte is refused by its header', async (width, height) => {
    const bytes = boastingPng(width, height);
    expect(bytes.length).toBeLessThan(1000);
    const reason = width > 1_000_000 ? 'damaged' : 'too-many-pixels';
    await expect(makeRendition(bytes, spec)).rejects.toMatchObject(refused(reason));
  });

  test('is measured by the option', async () => {
    const bytes = await noise.clone().png().toBuffer();
    const make = (maxInputPixels: number) => makeRendition(bytes, spec, { maker: { maxInputPixels } });
    await expect(make(7999)).rejects.toMatchObject(refused('too-many-pixels'));
    await expect(make(7999)).rejects.toThrow(/100x80 pixels, more than the 7999 that maxInputPixels/);
    expect(await make(8000)).toMatchObject({ metadata: { width: 10 } });
  });

  test('of many frames is refused, and counts one where one is shown', async () => {
    const animation = await drawFrames(10, 10, [() => red, () => white, () => red]).toBuffer();
    const maker = { maxInputPixels: 299 };
    const making = makeRendition(animation, spec, { maker });
    await expect(making).rejects.toMatchObject(refused('too-many-pixels'));
    await expect(making).rejects.toThrow(/in 3 frames/);
    expect(await makeRendition(animation, { filter: 'png' }, { maker })).toMatchObject({
      contentType: 'image/png',
    });
  });

  test('by enlarging is refused: many frames, or a picture that is nearly a line', async () => {
    const animation = await drawFrames(10, 10, [() => red, () => white, () => red]).toBuffer();
    const line = await noise.clone().resize(1, 5000, { fit: 'fill' }).png().toBuffer();
    const make = (bytes: Buffer, size: string) =>
      makeRendition(bytes, { size }, { maker: { maxOutputPixels: 1_000_000 } });
    await expect(make(animation, 'crop-600x600')).rejects.toMatchObject(refused('too-many-pixels'));
    await expect(make(line, 'crop-100x10')).rejects.toMatchObject(refused('too-many-pixels'));
    await expect(make(line, 'crop-1001x1000')).rejects.toMatchObject({ code: 'INVALID_RENDITION_SPEC' });
    expect(await make(animation, 'crop-500x500')).toMatchObject({ metadata: { width: 500 } });
  });

  test('of bytes is refused: by the row before it is read, else while it is', async () => {
    const bytes = await noise.clone().png().toBuffer();
    const maker = { maxInputSizeBytes: 1000 };
    const unread = () => Promise.reject(new Error('was read'));
    await expect(makeRendition(bytes, spec, { maker, read: unread })).rejects.toMatchObject(
      refused('too-many-bytes'),
    );

    let given = 0;
    const endless = Readable.from(
      (function* () {
        while (given < 1_000_000) {
          given += 100;
          yield bytes.subarray(0, 100);
        }
      })(),
    );
    const read = () => Promise.resolve(endless);
    const making = makeRendition(bytes, spec, { maker, read, original: { size: 1000 } });
    await expect(making).rejects.toMatchObject(refused('too-many-bytes'));
    expect(given).toBeLessThan(100_000);
    expect(endless.destroyed).toBe(true);
  });
});

describe('an SVG', () => {
  test.each([
    ['plain', svg('<g/>')],
    ['behind white space and a comment', Buffer.concat([Buffer.from('\ufeff \n<!-- -->'), svg('<g/>')])],
    ['gzipped', gzipSync(svg('<g/>'))],
    ['in UTF-16', Buffer.from(`\ufeff${svg('<g/>').toString()}`, 'utf16le')],
    ['behind a document type', Buffer.concat([Buffer.from('<!DOCTYPE svg>'), svg('<g/>')])],
  ])('%s is refused unless the option allows it', async (_, bytes) => {
    const making = makeRendition(bytes, spec);
    await expect(making).rejects.toMatchObject(refused('svg'));
    await expect(making).rejects.toThrow(/svg: true/);
  });

  test('reads no other file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sharp-svg-'));
    try {
      const secret = join(folder, 'secret.png');
      await writeFile(
        secret,
        await draw(10, 10, () => red)
          .png()
          .toBuffer(),
      );
      const image = (href: string) => `<image width="10" height="10" href="${href}"/>`;
      const bytes = svg(image(`file://${secret}`) + image(secret));
      const { content } = await makeRendition(bytes, spec, { maker: { svg: true } });
      expect((await pixelsOf(content)).at(5, 5)[3]).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('whose entities multiply, or that is huge, is refused', async () => {
    const maker = { svg: true };
    const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`);
    const laughs = Buffer.from(
      `<!DOCTYPE svg [<!ENTITY a0 "ha">${entities.join('')}]>${svg('<text>&a9;</text>').toString()}`,
    );
    await expect(makeRendition(laughs, spec, { maker })).rejects.toMatchObject(refused('damaged'));
    const huge = svg('<g/>', 'width="30000" height="30000"');
    await expect(makeRendition(huge, spec, { maker })).rejects.toMatchObject(refused('too-many-pixels'));
  });
});

test('a picture that its format cannot hold is refused', async () => {
  const wide = await draw(17_000, 1, () => red)
    .png()
    .toBuffer();
  await expect(makeRendition(wide, { filter: 'webp' })).rejects.toMatchObject(refused('not-writable'));
});
