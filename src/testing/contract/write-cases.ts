import { bytesOf, demandSame, HeldContent, streamOf } from './content.js';
import type { ContractCase, ContractSizes } from './contract-case.js';
import { quoted } from './contract-subject.js';

export function writeCases({ largeBytes }: ContractSizes): ContractCase[] {
  return [
    ...[0, 1, largeBytes].map((size): ContractCase => ({
      name: `write: keeps every byte of a content of ${size} bytes`,
      async run(subject) {
        const [key, bytes] = [subject.key('content'), bytesOf(size)];
        await subject.write(key, bytes);
        await subject.demandBytes(key, bytes);
      },
    })),
    {
      name: 'write: puts chunks of any size together, in their order',
      async run(subject) {
        const [key, bytes] = [subject.key('chunks'), bytesOf(300_000)];
        await subject.write(key, bytes, [1, 70_000, 3, 65_536, 17]);
        await subject.demandBytes(key, bytes);
      },
    },
    {
      name: 'write: shows nothing under the key until it has resolved',
      async run(subject) {
        const [key, content] = [subject.key('half'), new HeldContent()];
        const what = `write(${quoted(key)})`;
        const writing = subject.startWrite(key, content);
        try {
          await subject.untilHalfway(what, writing, content);
          await subject.demandMissing(key, 'while its write is half done');
        } finally {
          content.release();
          await subject.within(what, () => Promise.allSettled([writing]));
        }
        await subject.succeeds(what, () => writing);
        await subject.demandBytes(key, content.bytes);
      },
    },
    {
      name: 'write: many at a time do not touch each other',
      async run(subject) {
        // The same last segments in several folders: a temporary object that is named by the last one only would be shared.
        const contents = Array.from(
          { length: 48 },
          (_, n) => [subject.key(`${n % 3}/${Math.floor(n / 3)}`), bytesOf(1000 + n, n)] as const,
        );
        await Promise.all(contents.map(([key, bytes]) => subject.write(key, bytes, [100])));
        for (const [key, bytes] of contents) await subject.demandBytes(key, bytes);
      },
    },
    {
      name: 'write: a key that is taken is refused with its bytes untouched, or replaced as a whole',
      async run(subject) {
        const [key, first, second] = [subject.key('taken'), bytesOf(5000, 1), bytesOf(3000, 2)];
        await subject.write(key, first);
        const [answer] = await subject.within(`A second write(${quoted(key)})`, () =>
          Promise.allSettled([subject.startWrite(key, streamOf(second))]),
        );
        const expected = answer.status === 'fulfilled' ? second : first;
        const what = `read(${quoted(key)}) after a second write ${answer.status === 'fulfilled' ? 'resolved' : 'was refused'}`;
        demandSame(await subject.read(key), expected, what);
      },
    },
    {
      name: 'write: a version id that it returns can be read and deleted',
      async run(subject) {
        const [key, bytes] = [subject.key('version'), bytesOf(1000)];
        const { versionId } = await subject.write(key, bytes);
        if (versionId === undefined) return;
        demandSame(
          await subject.read(key, { versionId }),
          bytes,
          `read(${quoted(key)}) of version ${quoted(versionId)}`,
        );
        await subject.deleteAll([{ key, versionId, abandoned: false }], ' by version');
        await subject.demandMissing(key, 'by a version that was deleted', versionId);
        await subject.demandMissing(key, 'after its only version was deleted');
      },
    },
  ];
}
