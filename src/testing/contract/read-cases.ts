import { Readable } from 'node:stream';
import { demand } from './broken.js';
import { bytesOf, collect, demandSame } from './content.js';
import type { ContractCase, ContractSizes } from './contract-case.js';
import { quoted } from './contract-subject.js';

const digits = Buffer.from('0123456789');

const ranges = [
  { start: 0, end: 0 },
  { start: 3 },
  { end: 3 },
  { start: 2, end: 4 },
  { start: 9, end: 9 },
  { start: 8, end: 100 },
  { start: 0, end: 9 },
];

export function readCases({ largeBytes }: ContractSizes): ContractCase[] {
  return [
    {
      name: 'read: gives ranges with both ends inclusive, and up to the last byte where the end lies beyond',
      async run(subject) {
        const key = subject.key('digits');
        await subject.write(key, digits);
        for (const { start, end } of ranges) {
          const expected = digits.subarray(start ?? 0, (end ?? digits.length - 1) + 1).toString();
          const given = (await subject.read(key, { start, end })).toString();
          demand(
            given === expected,
            () =>
              `read of '${String(digits)}' from ${start ?? 'its beginning'} to ${end ?? 'its end'}, both inclusive, ` +
              `must give '${expected}'; it gave '${given}'.`,
          );
        }
      },
    },
    {
      name: 'read: gives a range out of the middle of a large object',
      async run(subject) {
        const [key, bytes] = [subject.key('large'), bytesOf(largeBytes)];
        await subject.write(key, bytes);
        const [start, end] = [Math.floor(largeBytes / 3), Math.floor(largeBytes / 2)];
        demandSame(
          await subject.read(key, { start, end }),
          bytes.subarray(start, end + 1),
          `read(${quoted(key)}) from byte ${start} to byte ${end}`,
        );
      },
    },
    {
      name: 'read: gives no bytes where the range begins behind the last one',
      async run(subject) {
        const key = subject.key('digits');
        await subject.write(key, digits);
        const given = await subject.within('read of a range behind the last byte', async () => {
          try {
            return await collect(await subject.storage.read({ key }, { start: 10 }), 'read');
          } catch {
            return Buffer.alloc(0);
          }
        });
        demand(
          given.length === 0,
          () =>
            `read of a range behind the last byte gave '${String(given)}'; it must reject, or give nothing.`,
        );
      },
    },
    {
      name: 'read: rejects with BytesMissingError where nothing is',
      async run(subject) {
        await subject.demandMissing(subject.key('absent'), 'where nothing was ever written');
        await subject.write(subject.key('folder/file'));
        await subject.demandMissing(subject.key('folder/absent'), 'beside another key');
        await subject.demandMissing(subject.key('fold'), 'of the beginning of another key');
      },
    },
    {
      name: 'read: gives the whole content to several readers, one of whom goes away',
      async run(subject) {
        const [key, bytes] = [subject.key('shared'), bytesOf(500_000)];
        await subject.write(key, bytes);
        await subject.openAndLeave(key);
        await Promise.all([subject.demandBytes(key, bytes), subject.demandBytes(key, bytes)]);
      },
    },
    {
      name: 'read: gives no bytes once its signal has fired',
      async run(subject) {
        const key = subject.key('aborted');
        await subject.write(key);
        await subject.rejects(`read(${quoted(key)}) with a signal that fired before`, async () => {
          const stream = await subject.storage.read({ key }, { signal: AbortSignal.abort() });
          demand(stream instanceof Readable, () => 'read with a signal that fired before gave no Readable.');
          await collect(stream, 'read');
        });
      },
    },
  ];
}
