import { Readable } from 'node:stream';
import { broken, type Sabotage } from './sabotage.js';

/** Keeps what it got when its content breaks, as a copy without a temporary name does, and says what `answer` does. */
function keepingHalf(answer: (error: unknown) => unknown) {
  return broken((inner) => ({
    async write(key, content, options) {
      const chunks: Uint8Array[] = [];
      let failure: unknown;
      try {
        for await (const chunk of content as AsyncIterable<Uint8Array>) chunks.push(chunk);
      } catch (error) {
        failure = error;
      }
      await inner.write(key, Readable.from(chunks), { contentType: options.contentType });
      if (failure !== undefined) await answer(failure);
      return {};
    },
  }));
}

function rethrow(failure: unknown): never {
  throw failure;
}

export const brokenFailedWrites: Sabotage[] = [
  {
    fault: 'half a content that stays',
    breaks: 'write: rejects when its content fails half-way, and leaves nothing',
    says: /read\(.*half"\) after a write that rejected resolved; it must reject/,
    make: () => keepingHalf(rethrow),
  },
  {
    fault: 'half a content that is taken for the whole',
    breaks: 'write: rejects when its content fails half-way, and leaves nothing',
    says: /write\(.*half"\) whose content failed half-way resolved; it must reject/,
    make: () => keepingHalf(() => undefined),
  },
  {
    fault: 'a temporary object that stays out of sight',
    breaks: 'write: rejects when its content fails half-way, and leaves nothing',
    says: /write\(.*half"\) whose content failed half-way left ".*half.tmp" in the storage/,
    make: () =>
      broken((inner, hidden) => ({
        async write(key, content, options) {
          hidden.add(`${key}.tmp`);
          const written = await inner.write(key, content, options);
          hidden.delete(`${key}.tmp`);
          return written;
        },
      })),
  },
  {
    fault: 'a content that was closed and is taken for ended',
    breaks: 'write: rejects when its content is closed without an end, and leaves nothing',
    says: /whose content was closed half-way, without an end or an error, resolved; it must reject/,
    make: () => keepingHalf(() => undefined),
  },
  {
    fault: 'a signal that is ignored while bytes flow',
    breaks: 'write: rejects when its signal fires half-way, destroys its content and leaves nothing',
    says: /whose signal fired half-way gave no answer within/,
    make: () =>
      broken((inner) => ({
        write: (key, content, { contentType }) => inner.write(key, content, { contentType }),
      })),
    hangs: true,
  },
  {
    fault: 'an abort that leaves the content open',
    breaks: 'write: rejects when its signal fires half-way, destroys its content and leaves nothing',
    says: /whose signal fired half-way rejected but did not destroy its content/,
    make: () =>
      broken(() => ({
        write: (_key, content, { signal }) =>
          new Promise((_resolve, reject) => {
            content.on('data', () => undefined);
            signal?.addEventListener('abort', () => reject(new Error('aborted')));
          }),
      })),
  },
  {
    fault: 'a wait for a content that failed before',
    breaks: 'write: rejects when its content failed before it was read, and leaves nothing',
    says: /whose content failed before it was read gave no answer within/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          await new Promise((resolve) => {
            content.once('readable', resolve);
          });
          return inner.write(key, content, options);
        },
      })),
    hangs: true,
  },
  {
    fault: 'a signal that fired before and is ignored',
    breaks: 'write: rejects when its signal fired before, destroys its content and leaves nothing',
    says: /write\(.*aborted"\) with a signal that fired before resolved; it must reject/,
    make: () =>
      broken((inner) => ({
        write: (key, content, { contentType }) => inner.write(key, content, { contentType }),
      })),
  },
  {
    fault: 'a write that throws at once and forgets its content',
    breaks: 'write: rejects when its signal fired before, destroys its content and leaves nothing',
    says: /rejected but did not destroy its content/,
    make: () =>
      broken((inner) => ({
        write(key, content, options) {
          options.signal?.throwIfAborted();
          return inner.write(key, content, options);
        },
      })),
  },
];
