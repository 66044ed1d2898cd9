import { demand } from './broken.js';
import { bytesOf, streamOf } from './content.js';
import type { ContractCase } from './contract-case.js';
import type { ContractSubject } from './contract-subject.js';
import { forEachAtOnce } from './for-each-at-once.js';

/**
 * In the order of their UTF-8 bytes. Sorted folder by folder `a/b` would come before `a-b`; sorted as JavaScript does the
 * emoji would come before the last one.
 */
const names = 'B|a b|a%20b|a+b|a-b|a/b-c/d|a/b/c|a/b0|a0|ab/c|é|写|\uff5e|😀'.split('|');

export function listCases(): ContractCase[] {
  return [
    {
      name: 'list: gives every object once, in the order of the bytes of its key',
      async run(subject) {
        await writeAll(subject);
        demandKeys(await subject.listed(), names, 'list()');
      },
    },
    {
      name: 'list: begins strictly behind a key, whether it is there or not',
      async run(subject) {
        await writeAll(subject);
        for (const [index, after] of names.entries()) {
          demandKeys(await subject.listed({ after }), names.slice(index + 1), `list() after '${after}'`);
        }
        const behindFolder = names.slice(names.indexOf('a0'));
        demandKeys(await subject.listed({ after: 'a/zzz' }), behindFolder, "list() after the absent 'a/zzz'");
        demandKeys(await subject.listed({ after: '😀' }), [], 'list() after the last key');
      },
    },
    {
      name: 'list: keeps to a prefix, which need not end at a folder',
      async run(subject) {
        await writeAll(subject);
        for (const prefix of ['a', 'a/', 'a/b-', 'a0', 'é', 'nothing']) {
          const expected = names.filter((name) => name.startsWith(prefix));
          demandKeys(await subject.listed({ prefix }), expected, `list() of '${prefix}'`);
          const after = expected[0];
          if (after === undefined) continue;
          demandKeys(
            await subject.listed({ prefix, after }),
            expected.slice(1),
            `list() of '${prefix}' after '${after}'`,
          );
        }
      },
    },
    {
      name: 'list: leaves out the temporary files of uploads and of checks',
      async run(subject) {
        const stem = '0198c0de-0000-7000-8000-000000000000';
        for (const name of [`x/${stem}-photo.jpg`, 'x/film.part']) await subject.write(subject.key(name));
        for (const name of [`x/${stem}-photo.jpg.part`, 'x/.file-registry-check-1']) {
          await subject.startWrite(subject.key(name), streamOf(bytesOf(3)));
        }
        demandKeys(await subject.listed(), [`x/${stem}-photo.jpg`, 'x/film.part'], 'list()');
      },
    },
    {
      name: 'list: ends with an error once its signal has fired',
      async run(subject) {
        await writeAll(subject);
        await subject.rejects('list() with a signal that fired before', async () => {
          const listing = subject.storage.list({ prefix: subject.key(''), signal: AbortSignal.abort() });
          for await (const _ of listing);
        });
      },
    },
  ];
}

async function writeAll(subject: ContractSubject): Promise<void> {
  await forEachAtOnce(names, async (name) => void (await subject.write(subject.key(name), bytesOf(10))));
}

function demandKeys(given: readonly string[], expected: readonly string[], what: string): void {
  demand(
    given.length === expected.length && given.every((key, index) => key === expected[index]),
    () => `${what} gave ${JSON.stringify(given)}; ${JSON.stringify(expected)} was due, in this order.`,
  );
}
