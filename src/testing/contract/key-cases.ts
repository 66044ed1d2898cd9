import { demand, shown } from './broken.js';
import { bytesOf, streamOf } from './content.js';
import type { ContractCase } from './contract-case.js';
import { type ContractSubject, quoted } from './contract-subject.js';

/**
 * Keys that turn into each other, or into nothing, when somebody encodes once too often or not at all. None is the folder of
 * another, which a disk could not hold.
 */
const groups: Readonly<Record<string, readonly string[]>> = {
  'spaces and plus signs': ['a b', 'a+b', 'a%20b', 'a%2Bb', 'a  b'],
  'percent signs': ['100%', '100%25', 'a%2Fb', 'a/b', 'a%', '%zz', '%00'],
  'signs that mean something in a URL, in XML or in a shell': [
    'a&b',
    'a=b',
    'a#b',
    'a;b',
    "a'b",
    'a,b',
    '$(a)',
    '~a',
    'a@b',
    '!a',
  ],
  'emoji and scripts of the world': [
    '👨‍👩‍👧‍👦.jpg',
    '🇨🇭',
    '写真.png',
    '真写.png',
    'صورة.jpg',
    'Ünï.txt',
    'Ûnî.txt',
    '𝒳',
  ],
  'dots and dashes': ['.hidden', '..a', 'a..b', '-rf', '_'],
  'names that are one another’s beginning': ['x', 'x1', 'x1.jpg', 'x1.jpg2', 'y/x', 'y/x1'],
};

/** What a key that the registry generates can have at most. */
const segmentBytesMax = 240;

export function keyCases(): ContractCase[] {
  return [
    ...Object.entries(groups).map(([what, names]): ContractCase => ({
      name: `keys: ${what} are kept apart`,
      run: (subject) => keepApart(subject, names),
    })),
    {
      name: `keys: a segment of ${segmentBytesMax} bytes, and many folders, are kept`,
      async run(subject) {
        const long = [
          'x'.repeat(segmentBytesMax),
          `${'x'.repeat(segmentBytesMax - 1)}y`,
          'ü'.repeat(segmentBytesMax / 2),
        ];
        await keepApart(subject, [...long, `${'d/'.repeat(40)}deep`]);
      },
    },
    {
      name: 'keys: composed and decomposed spellings are kept apart, or the second is refused',
      run: (subject) => keepApartOrRefuse(subject, 'caf\u00e9.jpg', 'cafe\u0301.jpg'),
    },
    {
      name: 'keys: capital and small letters are kept apart, or the second is refused',
      run: (subject) => keepApartOrRefuse(subject, 'Photo.jpg', 'photo.jpg'),
    },
    {
      name: 'keys: one that leads out of the storage is refused',
      async run(subject) {
        for (const way of ['../', 'a/../../', '/']) {
          const key = subject.touch(`${way}${subject.folder}`);
          const content = streamOf(bytesOf(10));
          await subject.rejects(`write(${quoted(key)}), a key that leads out of the storage,`, () =>
            subject.startWrite(key, content),
          );
          demand(content.destroyed, () => `write(${quoted(key)}) rejected but did not destroy its content.`);
          await subject.rejects(`read(${quoted(key)}), a key that leads out of the storage,`, () =>
            subject.storage.read({ key }),
          );
        }
      },
    },
  ];
}

async function keepApart(subject: ContractSubject, names: readonly string[]): Promise<void> {
  const contents = names.map((name, n) => [subject.key(name), bytesOf(50 + n, n + 1)] as const);
  for (const [key, bytes] of contents) await subject.write(key, bytes);
  for (const [key, bytes] of contents) await subject.demandBytes(key, bytes);

  const [gone, kept] = [contents.filter((_, n) => n % 2 === 0), contents.filter((_, n) => n % 2 === 1)];
  await subject.deleteAll(gone.map(([key]) => key));
  for (const [key] of gone) await subject.demandMissing(key, 'after its deletion');
  for (const [key, bytes] of kept) await subject.demandBytes(key, bytes);
}

async function keepApartOrRefuse(subject: ContractSubject, one: string, other: string): Promise<void> {
  const [first, second] = [subject.key(one), subject.key(other)];
  const [firstBytes, secondBytes] = [bytesOf(60, 1), bytesOf(70, 2)];
  await subject.write(first, firstBytes);
  const [answer] = await subject.within(`write(${quoted(second)})`, () =>
    Promise.allSettled([subject.startWrite(second, streamOf(secondBytes))]),
  );
  if (answer.status === 'rejected') {
    const { reason } = answer;
    demand(
      reason instanceof Error && 'retryable' in reason && reason.retryable === false,
      () =>
        `write(${quoted(second)}) beside ${quoted(first)} was refused, but not for good: ${shown(reason)} ` +
        'Reject with StorageRefusedError.',
    );
    await subject.demandBytes(first, firstBytes);
    return;
  }
  await subject.demandBytes(first, firstBytes);
  await subject.demandBytes(second, secondBytes);
  await subject.deleteAll([second]);
  await subject.demandMissing(second, 'after its deletion');
  await subject.demandBytes(first, firstBytes);
}
