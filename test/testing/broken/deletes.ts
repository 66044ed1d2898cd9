import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { broken, type Sabotage } from './sabotage.js';
import { deletingByBeginning } from './keys.js';

const many = 'delete: answers for each of 40 keys, half of them absent, and all are gone';
const abandoned = 'delete: an abandoned upload goes with everything it had written, also one that lands late';
const meanwhile =
  'delete: with a signal that fires meanwhile answers for each, and what it calls gone is gone';
const before =
  'delete: with a signal that fired before starts nothing, and says of each that it may be tried again';

export const brokenDeletes: Sabotage[] = [
  {
    fault: 'keys beyond one request that are forgotten',
    breaks: many,
    says: /delete of 40 key\(s\) left 10 without an outcome, e\.g\. ".*30"/,
    make: () =>
      broken((inner) => ({ delete: (objects, options) => inner.delete(objects.slice(0, 30), options) })),
  },
  {
    fault: 'keys beyond one request that are called gone',
    breaks: many,
    says: /read\(.*30"\) after its deletion resolved; it must reject/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          await inner.delete(objects.slice(0, 30), options);
          return objects.map(({ key }) => ({ key }));
        },
      })),
  },
  {
    fault: 'an answer for keys nobody asked for',
    breaks: many,
    says: /delete of 40 key\(s\) answered for "stranger", which was not asked for/,
    make: () =>
      broken((inner) => ({
        delete: async (...input) => [...(await inner.delete(...input)), { key: 'stranger' }],
      })),
  },
  {
    fault: 'two answers for one key',
    breaks: many,
    says: /answered twice for/,
    make: () =>
      broken((inner) => ({
        async delete(...input) {
          const outcomes = await inner.delete(...input);
          return [...outcomes, ...outcomes];
        },
      })),
  },
  {
    fault: 'no answer at all',
    breaks: many,
    says: /delete of 40 key\(s\) resolved with undefined, not with a list of outcomes/,
    make: () => broken(() => ({ delete: async () => undefined as never })),
  },
  {
    fault: 'a delete that never answers',
    breaks: many,
    says: /delete of 40 key\(s\) gave no answer within \d+ ms/,
    make: () => broken(() => ({ delete: () => new Promise(() => undefined) })),
    hangs: true,
  },
  {
    fault: 'an error without a kind',
    breaks: many,
    says: /gave ".*" an error without a message or without `permanent`/,
    make: () =>
      broken(() => ({
        delete: async (objects) => objects.map(({ key }) => ({ key, error: { message: 'x' } as never })),
      })),
  },
  {
    fault: 'an absent object that is a failure',
    breaks: 'delete: an absent object is a success, the first time and again',
    says: /delete of what never was failed for ".*never\/was": not found/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          const absent = objects.filter(({ key }) => !inner.has(key)).map(({ key }) => key);
          return (await inner.delete(objects, options)).map((outcome) =>
            absent.includes(outcome.key)
              ? { ...outcome, error: { message: 'not found', permanent: false } }
              : outcome,
          );
        },
      })),
  },
  {
    fault: 'a deletion by beginning',
    breaks: 'delete: leaves every other object alone',
    says: /read\(.*photo1"\) rejected with BytesMissingError/,
    make: deletingByBeginning,
  },
  {
    fault: 'an impossible key that fails the whole batch',
    breaks: 'delete: a key that cannot be disturbs no other',
    says: /delete of 6 key\(s\) rejected with Error: malformed request/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          if (objects.some(({ key }) => key === '')) throw new Error('malformed request');
          return inner.delete(objects, options);
        },
      })),
  },
  {
    fault: 'an impossible key that is tried again for ever',
    breaks: 'delete: a key that cannot be disturbs no other',
    says: /delete called the impossible key ".*" a failure to try again/,
    make: () =>
      broken((inner) => ({
        delete: async (...input) =>
          (await inner.delete(...input)).map(({ key, error }) => ({
            key,
            ...(error && { error: { ...error, permanent: false } }),
          })),
      })),
  },
  {
    fault: 'a signal that fired before and is ignored',
    breaks: before,
    says: /must answer ".*a" with an error that is not permanent; it called it gone/,
    make: () => broken((inner) => ({ delete: (objects) => inner.delete(objects) })),
  },
  {
    fault: 'a signal that fired before and rejects',
    breaks: before,
    says: /delete of 3 key\(s\) rejected with AbortError/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          options?.signal?.throwIfAborted();
          return inner.delete(objects, options);
        },
      })),
  },
  {
    fault: 'objects that were deleted although they were called off',
    breaks: before,
    says: /read\(.*a"\) rejected with BytesMissingError/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          await inner.delete(objects);
          return inner.delete(objects, options);
        },
      })),
  },
  {
    fault: 'what was not started any more is called gone',
    breaks: meanwhile,
    says: /read\(.*0"\) which delete called gone resolved; it must reject/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          await setImmediate();
          await inner.delete(objects, options);
          return objects.map(({ key }) => ({ key }));
        },
      })),
  },
  {
    fault: 'what was not started any more is given up for good',
    breaks: meanwhile,
    says: /delete called ".*" a permanent failure only because its signal fired/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          await setImmediate();
          if (options?.signal?.aborted !== true) return inner.delete(objects, options);
          return objects.map(({ key }) => ({ key, error: { message: 'aborted', permanent: true } }));
        },
      })),
  },
  {
    fault: 'an abandoned upload whose bytes are visible and stay',
    breaks: abandoned,
    says: /read\(.*stalled"\) after its abandoned upload was deleted resolved; it must reject/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          await inner.write(key, Readable.from(['half']), options);
          await buffer(content);
          return {};
        },
        delete: (objects, options) =>
          inner
            .delete(
              objects.filter(({ key }) => !key.endsWith('stalled')),
              options,
            )
            .then((outcomes) => [...outcomes, ...objects.filter(({ key }) => key.endsWith('stalled'))]),
      })),
  },
  {
    fault: 'an abandoned upload whose parts stay out of sight',
    breaks: abandoned,
    says: /delete of an abandoned upload left "part of .*stalled" in the storage/,
    make: () =>
      broken((inner, hidden) => ({
        write(key, content, options) {
          hidden.add(`part of ${key}`);
          return inner.write(key, content, options);
        },
      })),
  },
  {
    fault: 'an abandoned upload that takes every upload with it that begins so',
    breaks: 'delete: an abandoned upload takes no other upload with it',
    says: /write\(.*photo1.jpg"\) beside an abandoned upload rejected with StorageUnavailableError/,
    make: () =>
      broken((inner) => ({
        async delete(objects, options) {
          const begun = inner
            .uploading()
            .filter((key) => objects.some((object) => key.startsWith(object.key)));
          await inner.delete(
            begun.map((key) => ({ key, abandoned: true })),
            options,
          );
          return inner.delete(objects, options);
        },
      })),
  },
];
