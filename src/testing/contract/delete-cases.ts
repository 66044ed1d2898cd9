import { setImmediate } from 'node:timers/promises';
import { demand } from './broken.js';
import { bytesOf } from './content.js';
import type { ContractCase, ContractSizes } from './contract-case.js';
import { quoted } from './contract-subject.js';
import { forEachAtOnce } from './for-each-at-once.js';

export function deleteCases({ manyObjects }: ContractSizes): ContractCase[] {
  return [
    {
      name: `delete: answers for each of ${2 * manyObjects} keys, half of them absent, and all are gone`,
      async run(subject) {
        const keys = Array.from({ length: 2 * manyObjects }, (_, n) => subject.key(`${n % 7}/${n}`));
        const present = keys.filter((_, n) => n % 2 === 0);
        await forEachAtOnce(present, async (key) => void (await subject.write(key, bytesOf(10))));
        await subject.deleteAll(keys);
        await forEachAtOnce(present, (key) => subject.demandMissing(key, 'after its deletion'));
        await subject.demandNothingLeft('delete of everything that was written');
      },
    },
    {
      name: 'delete: an absent object is a success, the first time and again',
      async run(subject) {
        const [never, once] = [subject.key('never/was'), subject.key('once')];
        await subject.deleteAll([never], ' of what never was');
        await subject.write(once);
        await subject.deleteAll([once]);
        await subject.deleteAll([once, never], ' of what is gone');
      },
    },
    {
      name: 'delete: leaves every other object alone',
      async run(subject) {
        const [key, bytes] = [subject.key('folder/photo'), bytesOf(100, 2)];
        const others = ['folder/photo1', 'folder/photo.jpg', 'folder/phot', 'folder/sub/photo', 'photo'];
        const kept = others.map((name) => subject.key(name));
        for (const other of [key, ...kept]) await subject.write(other, bytes);
        await subject.deleteAll([{ key, abandoned: true }]);
        await subject.demandMissing(key, 'after its deletion');
        for (const other of kept) await subject.demandBytes(other, bytes);
      },
    },
    {
      name: 'delete: a key that cannot be disturbs no other',
      async run(subject) {
        const keys = ['a', 'b', 'c'].map((name) => subject.key(name));
        const bad = [`../${subject.folder}`, `${subject.key('nul')}\0`, ''];
        for (const key of keys) await subject.write(key);
        const mixed = keys.flatMap((key, n) => [bad[n] ?? '', key]);
        const outcomes = await subject.delete(mixed);
        for (const key of keys) {
          demand(
            outcomes.get(key) === undefined,
            () => `delete beside an impossible key failed for ${quoted(key)}: ${outcomes.get(key)?.message}`,
          );
          await subject.demandMissing(key, 'after its deletion beside an impossible key');
        }
        for (const key of bad) {
          demand(
            outcomes.get(key)?.permanent !== false,
            () =>
              `delete called the impossible key ${quoted(key)} a failure to try again: ${outcomes.get(key)?.message}; ` +
              'answer that it is gone, or refuse it with `permanent: true`.',
          );
        }
      },
    },
    {
      name: 'delete: with a signal that fired before starts nothing, and says of each that it may be tried again',
      async run(subject) {
        const keys = ['a', 'b', 'c'].map((name) => subject.key(name));
        for (const key of keys) await subject.write(key);
        const outcomes = await subject.delete(keys, { signal: AbortSignal.abort() });
        for (const key of keys) {
          demand(
            outcomes.get(key)?.permanent === false,
            () =>
              `delete with a signal that fired before must answer ${quoted(key)} with an error that is not permanent; ` +
              `it ${outcomes.get(key) === undefined ? 'called it gone' : 'called the error permanent'}.`,
          );
          await subject.demandBytes(key, bytesOf(100));
        }
      },
    },
    {
      name: 'delete: with a signal that fires meanwhile answers for each, and what it calls gone is gone',
      async run(subject) {
        // Nobody can tell when a storage is half through; so once at once, and then later and later.
        for (const turns of [0, 1, 3, 10]) {
          const keys = Array.from({ length: 30 }, (_, n) => subject.key(`${turns}/${n}`));
          await forEachAtOnce(keys, async (key) => void (await subject.write(key)));
          const abort = new AbortController();
          const [outcomes] = await Promise.all([
            subject.delete(keys, { signal: abort.signal }),
            abortLater(abort, turns),
          ]);
          for (const key of keys) {
            const error = outcomes.get(key);
            if (error === undefined) await subject.demandMissing(key, 'which delete called gone');
            demand(
              error?.permanent !== true,
              () => `delete called ${quoted(key)} a permanent failure only because its signal fired.`,
            );
          }
        }
      },
    },
  ];
}

async function abortLater(abort: AbortController, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  abort.abort();
}
