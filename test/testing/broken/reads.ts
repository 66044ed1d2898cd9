import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { broken, type Sabotage } from './sabotage.js';

export const brokenReads: Sabotage[] = [
  {
    fault: 'an end that is taken for exclusive',
    breaks: 'read: gives ranges with both ends inclusive, and up to the last byte where the end lies beyond',
    says: /read of '0123456789' from 0 to 0, both inclusive, must give '0'; it gave ''/,
    make: () =>
      broken((inner) => ({
        async read(object, { start, end, ...rest } = {}) {
          const bytes = await buffer(await inner.read(object, rest));
          return Readable.from([bytes.subarray(start, end)], { objectMode: false });
        },
      })),
  },
  {
    fault: 'an end beyond the last byte that is refused',
    breaks: 'read: gives ranges with both ends inclusive, and up to the last byte where the end lies beyond',
    says: /read\(.*digits", \{ start: 8, end: 100 \}\) rejected with RangeError/,
    make: () =>
      broken((inner) => ({
        async read(object, options) {
          if (options?.end === 100) throw new RangeError('416');
          return inner.read(object, options);
        },
      })),
  },
  {
    fault: 'a range that is ignored where the object is large',
    breaks: 'read: gives a range out of the middle of a large object',
    says: /from byte 66666 to byte 100000 gave other bytes than were written, from byte 0 on/,
    make: () =>
      broken((inner) => ({
        read: (object, options) => inner.read(object, (options?.end ?? 0) > 1000 ? {} : options),
      })),
  },
  {
    fault: 'the whole object for a range behind its end',
    breaks: 'read: gives no bytes where the range begins behind the last one',
    says: /read of a range behind the last byte gave '0123456789'/,
    make: () => broken((inner) => ({ read: (object) => inner.read(object) })),
  },
  {
    fault: 'an empty stream where nothing is',
    breaks: 'read: rejects with BytesMissingError where nothing is',
    says: /read\(.*absent"\) where nothing was ever written resolved; it must reject/,
    make: () =>
      broken((inner) => ({ read: (...input) => inner.read(...input).catch(() => Readable.from([])) })),
  },
  {
    fault: 'an error of its own where nothing is',
    breaks: 'read: rejects with BytesMissingError where nothing is',
    says: /must reject with BytesMissingError; it rejected with Error \[NoSuchKey\]: not found/,
    make: () =>
      broken((inner) => ({
        read: (...input) =>
          inner.read(...input).catch(() => {
            throw Object.assign(new Error('not found'), { code: 'NoSuchKey' });
          }),
      })),
  },
  {
    fault: 'the first key that begins so',
    breaks: 'read: rejects with BytesMissingError where nothing is',
    says: /read\(.*fold"\) of the beginning of another key resolved/,
    make: () =>
      broken((inner) => ({
        read: ({ key }, options) =>
          inner.read({ key: inner.keys().find((other) => other.startsWith(key)) ?? key }, options),
      })),
  },
  {
    fault: 'one stream for all readers',
    breaks: 'read: gives the whole content to several readers, one of whom goes away',
    says: /read\(.*shared"\) rejected with Error \[ERR_STREAM_PREMATURE_CLOSE\]/,
    make: () => {
      const streams = new Map<string, Promise<Readable>>();
      return broken((inner) => ({
        read({ key }) {
          const stream = streams.get(key) ?? inner.read({ key });
          streams.set(key, stream);
          return stream;
        },
      }));
    },
  },
  {
    fault: 'a stream of texts',
    breaks: 'read: gives the whole content to several readers, one of whom goes away',
    says: /read\(.*shared"\) gave a stream of strings; a stream of bytes was due/,
    make: () =>
      broken((inner) => ({ read: async (object) => (await inner.read(object)).setEncoding('latin1') })),
  },
  {
    fault: 'a web stream',
    breaks: 'read: gives the whole content to several readers, one of whom goes away',
    says: /read\(.*shared"\) resolved with \[object ReadableStream\], not with a Readable/,
    make: () =>
      broken((inner) => ({ read: async (object) => Readable.toWeb(await inner.read(object)) as never })),
  },
  {
    fault: 'a signal that is ignored',
    breaks: 'read: gives no bytes once its signal has fired',
    says: /read\(.*aborted"\) with a signal that fired before resolved; it must reject/,
    make: () => broken((inner) => ({ read: (object) => inner.read(object) })),
  },
];
