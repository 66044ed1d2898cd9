import type { ListedObject } from 'nestjs-file-registry';
import { broken, type Sabotage } from './sabotage.js';

const order = 'list: gives every object once, in the order of the bytes of its key';
const behind = 'list: begins strictly behind a key, whether it is there or not';

async function all(listing: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of listing) objects.push(object);
  return objects;
}

export const brokenListings: Sabotage[] = [
  {
    fault: 'a stat that knows no size',
    breaks: 'stat: gives the size, the age and the version of what lies there',
    says: /gave sizeBytes undefined/,
    make: () =>
      broken((inner) => ({
        stat: async (object) => {
          const stored = await inner.stat(object);
          return stored && { ...stored, sizeBytes: undefined as unknown as number };
        },
      })),
  },
  {
    fault: 'a stat whose age is a date',
    breaks: 'stat: gives the size, the age and the version of what lies there',
    says: /gave ageMs \d+ for what was just written/,
    make: () =>
      broken((inner) => ({
        stat: async (object) => {
          const stored = await inner.stat(object);
          return stored && { ...stored, ageMs: Date.now() };
        },
      })),
  },
  {
    fault: 'a stat that rejects where nothing is',
    breaks: 'stat: gives null where nothing is',
    says: /stat\(.*absent"\) where nothing is rejected/,
    make: () =>
      broken((inner) => ({
        stat: async (object) => {
          const stored = await inner.stat(object);
          if (stored === null) throw new Error('not found');
          return stored;
        },
      })),
  },
  {
    fault: 'a listing in the order of UTF-16',
    breaks: order,
    says: /in this order/,
    make: () =>
      broken((inner) => ({
        async *list(options) {
          yield* (await all(inner.list(options))).sort((a, b) => (a.key < b.key ? -1 : 1));
        },
      })),
  },
  {
    fault: 'a listing folder by folder',
    breaks: order,
    says: /in this order/,
    make: () =>
      broken((inner) => ({
        async *list(options) {
          const objects = await all(inner.list(options));
          yield* objects.sort((a, b) => {
            const [one, other] = [a.key.split('/'), b.key.split('/')];
            const at = one.findIndex((segment, index) => segment !== other[index]);
            return Buffer.compare(Buffer.from(one[at] ?? ''), Buffer.from(other[at] ?? ''));
          });
        },
      })),
  },
  {
    fault: 'a listing that ends half-way without a word',
    breaks: order,
    says: /was due/,
    make: () =>
      broken((inner) => ({
        async *list(options) {
          yield* (await all(inner.list(options))).slice(0, 5);
        },
      })),
  },
  {
    fault: 'a listing that gives the key it should begin behind',
    breaks: behind,
    says: /after 'B' gave/,
    make: () =>
      broken((inner) => ({
        async *list({ after, ...options } = {}) {
          for (const object of await all(inner.list(options))) {
            if (after === undefined || Buffer.compare(Buffer.from(object.key), Buffer.from(after)) >= 0)
              yield object;
          }
        },
      })),
  },
  {
    fault: 'a listing that takes a prefix for a folder',
    breaks: 'list: keeps to a prefix, which need not end at a folder',
    says: /list\(\) of 'a' gave/,
    make: () =>
      broken((inner) => ({
        list: (options) => {
          const prefix = options?.prefix?.replace(/([^/])$/, '$1/');
          return inner.list({ ...options, prefix });
        },
      })),
  },
  {
    fault: 'a listing that shows what is temporary',
    breaks: 'list: leaves out the temporary files of uploads and of checks',
    says: /photo\.jpg\.part/,
    make: () =>
      broken((inner) => ({
        async *list({ prefix = '' } = {}) {
          const keys = inner.keys().filter((key) => key.startsWith(prefix));
          for (const key of keys) yield { key, sizeBytes: 0, ageMs: 0 };
        },
      })),
  },
  {
    fault: 'a listing that heeds no signal',
    breaks: 'list: ends with an error once its signal has fired',
    says: /resolved; it must reject/,
    make: () => broken((inner) => ({ list: (options) => inner.list({ ...options, signal: undefined }) })),
  },
];
