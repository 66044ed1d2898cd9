import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RenditionMaker } from 'nestjs-file-registry';
import { sharpMaker } from 'nestjs-file-registry/sharp';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { drawNoise } from './draw.js';
import { requestFor } from './make-rendition.js';

const small = await drawNoise(60, 40).png().toBuffer();
const large = await drawNoise(2500, 2500).jpeg().toBuffer();
const spec = { size: 'crop-10x10' };
/** Work of a second or so for libvips. */
const slow = { filter: 'blur-60+invert+blur-60+png' };

/** A read whose stream waits until it is let go. */
function heldRead(bytes: Buffer) {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const stream = new Readable({ read: () => undefined });
  const letGo = () => {
    stream.push(bytes);
    stream.push(null);
  };
  const read = () => {
    begin();
    return Promise.resolve(stream);
  };
  return { begun, letGo, read, stream };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
}

describe('concurrency', () => {
  test('is never exceeded, and all get their turn in order', async () => {
    const maker = sharpMaker({ concurrency: 3 });
    const begun: number[] = [];
    const works = Array.from({ length: 10 }, (_, index) => {
      const held = heldRead(small);
      const read = () => {
        begun.push(index);
        return held.read();
      };
      return { letGo: held.letGo, made: maker.make(requestFor(small, spec, { read })) };
    });
    for (const [index, { letGo, made }] of works.entries()) {
      await settled();
      expect(begun).toEqual(Array.from({ length: Math.min(index + 3, 10) }, (_, n) => n));
      letGo();
      await made;
    }
  });

  test('lets failures and abandoned work give their places back', async () => {
    const maker = sharpMaker({ concurrency: 1 });
    const failing = () => Promise.reject(new Error('the storage is away'));
    for (let time = 0; time < 3; time += 1) {
      await expect(maker.make(requestFor(small, spec, { read: failing }))).rejects.toThrow(
        'the storage is away',
      );
      await expect(maker.make(requestFor(Buffer.from('text'), spec))).rejects.toMatchObject({
        code: 'INVALID_IMAGE',
      });
      const abort = new AbortController();
      const held = heldRead(small);
      const making = maker.make(requestFor(small, spec, { read: held.read, signal: abort.signal }));
      await held.begun;
      abort.abort(new Error('nobody waits'));
      await expect(making).rejects.toThrow('nobody waits');
    }
    expect(await maker.make(requestFor(small, spec))).toMatchObject({ metadata: { width: 10 } });
  });

  test('refuses what would be too many in the queue, and takes more when it is shorter', async () => {
    const maker = sharpMaker({ concurrency: 1, queueMax: 1 });
    const held = heldRead(small);
    const first = maker.make(requestFor(small, spec, { read: held.read }));
    await held.begun;
    const second = maker.make(requestFor(small, spec));
    await expect(maker.make(requestFor(small, spec))).rejects.toMatchObject({
      code: 'RENDITION_BUSY',
      retryable: true,
      context: { running: 1, waiting: 1 },
    });
    held.letGo();
    await Promise.all([first, second]);
    expect(await maker.make(requestFor(small, spec))).toMatchObject({ contentType: 'image/png' });
  });

  test('gives the place of one that was called off while it waited to the next', async () => {
    const maker = sharpMaker({ concurrency: 1 });
    const held = heldRead(small);
    const first = maker.make(requestFor(small, spec, { read: held.read }));
    await held.begun;
    const abort = new AbortController();
    const unread = () => Promise.reject(new Error('was read'));
    const second = maker.make(requestFor(small, spec, { read: unread, signal: abort.signal }));
    const third = maker.make(requestFor(small, spec));
    abort.abort(new Error('called off'));
    await expect(second).rejects.toThrow('called off');
    held.letGo();
    await first;
    expect(await third).toMatchObject({ contentType: 'image/png' });
  });
});

describe('a signal', () => {
  const make = (maker: RenditionMaker, read: () => Promise<Readable>, signal: AbortSignal) =>
    maker.make(requestFor(small, spec, { read, signal }));

  test('that has fired already lets nothing begin', async () => {
    const unread = () => Promise.reject(new Error('was read'));
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(make(sharpMaker(), unread, signal)).rejects.toThrow('too late');
  });

  test('destroys the stream that is being read', async () => {
    const abort = new AbortController();
    const held = heldRead(small);
    const making = make(sharpMaker(), held.read, abort.signal);
    await held.begun;
    held.stream.push(small.subarray(0, 100));
    await settled();
    abort.abort(new Error('stop'));
    await expect(making).rejects.toThrow('stop');
    await settled();
    expect(held.stream.destroyed).toBe(true);
  });

  test('destroys a stream that opens after it', async () => {
    const abort = new AbortController();
    const { promise: opening, resolve: open } = Promise.withResolvers<Readable>();
    const making = make(sharpMaker(), () => opening, abort.signal);
    await settled();
    abort.abort(new Error('stop'));
    await expect(making).rejects.toThrow('stop');
    const stream = Readable.from([small]);
    open(stream);
    await settled();
    expect(stream.destroyed).toBe(true);
  });

  test('ends the wait at once, and the place is free when libvips has ended', async () => {
    const maker = sharpMaker({ concurrency: 1 });
    const abort = new AbortController();
    const making = maker.make(requestFor(large, slow, { signal: abort.signal }));
    const working = sharp.counters().process > 0 ? undefined : once(sharp.queue, 'change');
    await working;
    let atNextRead: number | undefined;
    const read = () => {
      atNextRead = sharp.counters().process;
      return Promise.resolve(Readable.from([small]));
    };
    const next = maker.make(requestFor(small, spec, { read }));
    abort.abort(new Error('stop'));
    await expect(making).rejects.toThrow('stop');
    expect(atNextRead).toBeUndefined();
    await next;
    expect(atNextRead).toBe(0);
  });

  test('leaves no listener behind', async () => {
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...call: Parameters<typeof add>) => {
      listeners += 1;
      add(...call);
    };
    signal.removeEventListener = (...call: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...call);
    };
    const maker = sharpMaker({ concurrency: 1 });
    await Promise.all([1, 2, 3].map(() => maker.make(requestFor(small, spec, { signal }))));
    await settled();
    expect(listeners).toBe(0);
  });
});

test('a rendition that takes too long is given up', async () => {
  const flat = { create: { width: 4000, height: 4000, channels: 3, background: '#123456' } } as const;
  const bytes = await sharp(flat).jpeg().toBuffer();
  const making = sharpMaker({ timeoutSeconds: 1 }).make(requestFor(bytes, { filter: 'blur-250+png' }));
  await expect(making).rejects.toMatchObject({ code: 'RENDITION_FAILED', context: { timeoutSeconds: 1 } });
});

test.each([
  ['maxInputPixels', 0, 10_000_000_001],
  ['maxOutputPixels', 0, 10_000_000_001],
  ['maxInputSizeBytes', 0, 2 ** 30 + 1],
  ['concurrency', 0, 65],
  ['queueMax', -1, 100_001],
  ['timeoutSeconds', 0, 3601],
  ['animated', 'yes', 1],
  ['svg', 'no', 0],
  ['quality', { jpeg: 0 }, { webp: 101 }],
  ['quality', { png: 80 }, 80],
  ['maxPixels', 1, 2],
])('the option %s is checked', (name, low, high) => {
  for (const value of [low, high]) {
    expect(() => sharpMaker({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    );
  }
});
