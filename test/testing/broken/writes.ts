import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { broken, lastSegment, type Sabotage } from './sabotage.js';

/** Passes what the content gives through `change`, with its number; undefined loses it. */
function changing(change: (chunk: Buffer, n: number) => Buffer | undefined) {
  return broken((inner) => ({
    write(key, content, options) {
      let n = 0;
      const changed = new Transform({
        transform: (chunk: Buffer, _encoding, done) => done(null, change(chunk, n++)),
      });
      pipeline(content, changed).catch(() => undefined);
      return inner.write(key, changed, options);
    },
  }));
}

export const brokenWrites: Sabotage[] = [
  {
    fault: 'a location that changes',
    breaks: 'location: is a text that stays the same',
    says: /location was 'memory:1' and is 'memory:\d' after a write/,
    make: () => {
      let asked = 0;
      return broken(() => ({
        get location() {
          return `memory:${++asked}`;
        },
      }));
    },
  },
  {
    fault: 'a location of nothing',
    breaks: 'location: is a text that stays the same',
    says: /location is ""/,
    make: () => broken(() => ({ location: '' })),
  },
  {
    fault: 'a check that rejects',
    breaks: 'check: resolves, again and again, and leaves nothing',
    says: /^check\(\) rejected with Error: no such bucket$/,
    make: () => broken(() => ({ check: () => Promise.reject(new Error('no such bucket')) })),
  },
  {
    fault: 'a check that leaves its probe',
    breaks: 'check: resolves, again and again, and leaves nothing',
    says: /^check\(\) left "probe" in the storage/,
    make: () => broken((_inner, hidden) => ({ check: async () => void hidden.add('probe') })),
  },
  {
    fault: 'nothing is written where the content is empty',
    breaks: 'write: keeps every byte of a content of 0 bytes',
    says: /read\(.*content"\) rejected with BytesMissingError/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          const bytes = await buffer(content);
          return bytes.length === 0 ? {} : inner.write(key, Readable.from([bytes]), options);
        },
      })),
  },
  {
    fault: 'a last byte that is never flushed',
    breaks: 'write: keeps every byte of a content of 1 bytes',
    says: /read\(.*content"\) gave 0 bytes instead of 1/,
    make: () => changing((chunk) => chunk.subarray(0, chunk.length - 1)),
  },
  {
    fault: 'a write that resolves with nothing',
    breaks: 'write: keeps every byte of a content of 1 bytes',
    says: /write\(.*\) of 1 bytes resolved with undefined, not \{\}/,
    make: () =>
      broken((inner) => ({ write: async (...input) => void (await inner.write(...input)) as never })),
  },
  {
    fault: 'a write that resolves before it has read its content',
    breaks: 'write: keeps every byte of a content of 200000 bytes',
    says: /resolved before it had read the content to its end/,
    make: () =>
      broken((inner) => ({
        async write(...input) {
          inner.write(...input).catch(() => undefined);
          return {};
        },
      })),
  },
  {
    fault: 'a chunk that is written twice in the place of the next',
    breaks: 'write: keeps every byte of a content of 200000 bytes',
    says: /gave other bytes than were written, from byte 65536 on/,
    make: () => {
      let first: Buffer | undefined;
      return changing((chunk, n) => {
        first ??= chunk;
        return n === 1 ? first : chunk;
      });
    },
  },
  {
    fault: 'small chunks that get lost',
    breaks: 'write: puts chunks of any size together, in their order',
    says: /read\(.*chunks"\) gave other bytes than were written, from byte 0 on/,
    make: () => changing((chunk) => (chunk.length < 10 ? Buffer.alloc(0) : chunk)),
  },
  {
    fault: 'bytes that are visible while they are written',
    breaks: 'write: shows nothing under the key until it has resolved',
    says: /read\(.*half"\) while its write is half done resolved; it must reject/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          await inner.write(key, Readable.from(['']), options);
          const bytes = await buffer(content);
          await inner.delete([{ key, abandoned: false }]);
          return inner.write(key, Readable.from([bytes]), options);
        },
      })),
  },
  {
    fault: 'a temporary place that is named after the last segment only',
    breaks: 'write: many at a time do not touch each other',
    says: /read\(.*\) gave other bytes than were written/,
    make: () => {
      const temporary = new Map<string, Buffer[]>();
      return broken((inner) => ({
        async write(key, content, options) {
          const chunks = temporary.get(lastSegment(key)) ?? [];
          temporary.set(lastSegment(key), chunks);
          for await (const chunk of content) chunks.push(chunk as Buffer);
          temporary.delete(lastSegment(key));
          return inner.write(key, Readable.from(chunks), options);
        },
      }));
    },
  },
  {
    fault: 'a refusal that comes after the bytes were lost',
    breaks: 'write: a key that is taken is refused with its bytes untouched, or replaced as a whole',
    says: /read\(.*taken"\) rejected with BytesMissingError/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          if (!inner.has(key)) return inner.write(key, content, options);
          await inner.delete([{ key, abandoned: false }]);
          throw new Error('taken');
        },
      })),
  },
  {
    fault: 'a second write that resolves and changes nothing',
    breaks: 'write: a key that is taken is refused with its bytes untouched, or replaced as a whole',
    says: /after a second write resolved gave other bytes/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          if (!inner.has(key)) return inner.write(key, content, options);
          await buffer(content);
          return {};
        },
      })),
  },
  {
    fault: 'a version id that reads nothing',
    breaks: 'write: a version id that it returns can be read and deleted',
    says: /read\(.*version"\) rejected with BytesMissingError/,
    make: () =>
      broken((inner) => ({
        write: async (...input) => ({ ...(await inner.write(...input)), versionId: 'v1' }),
      })),
  },
  {
    fault: 'a deletion that hides a version and leaves its bytes',
    breaks: 'write: a version id that it returns can be read and deleted',
    says: /read\(.*version"\) by a version that was deleted resolved; it must reject/,
    make: () =>
      broken((inner) => ({
        write: async (...input) => ({ ...(await inner.write(...input)), versionId: 'v1' }),
        read: ({ key }, options) => inner.read({ key }, options),
        delete: async (objects) => objects.map(({ key }) => ({ key })),
      })),
  },
  {
    fault: 'an empty version id',
    breaks: 'write: a version id that it returns can be read and deleted',
    says: /resolved with the version id ; leave it out/,
    make: () =>
      broken((inner) => ({
        write: async (...input) => ({ ...(await inner.write(...input)), versionId: '' }),
      })),
  },
];
