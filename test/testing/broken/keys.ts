import { broken, lastSegment, renaming, type Sabotage } from './sabotage.js';

export const brokenKeys: Sabotage[] = [
  {
    fault: 'a plus sign that becomes a space',
    breaks: 'keys: spaces and plus signs are kept apart',
    says: /read\(.*a b"\) gave other bytes/,
    make: () => renaming((key) => key.replaceAll('+', ' ')),
  },
  {
    fault: 'keys that are decoded once too often',
    breaks: 'keys: percent signs are kept apart',
    says: /write\(.*100%"\) of \d+ bytes rejected with URIError/,
    make: () => renaming(decodeURIComponent),
  },
  {
    fault: 'a percent sign that is dropped',
    breaks: 'keys: percent signs are kept apart',
    says: /read\(.*a%"\) gave|read\(.*\) gave other bytes/,
    make: () => renaming((key) => key.replace('%25', '%')),
  },
  {
    fault: 'a key that ends where a fragment begins',
    breaks: 'keys: signs that mean something in a URL, in XML or in a shell are kept apart',
    says: /read\(.*a&b"\) gave other bytes/,
    make: () => renaming((key) => key.replace(/[&#].*/, '')),
  },
  {
    fault: 'keys of ASCII only',
    breaks: 'keys: emoji and scripts of the world are kept apart',
    says: /gave other bytes|gave \d+ bytes instead/,
    make: () => renaming((key) => key.replace(/[^ -~]/gu, '?')),
  },
  {
    fault: 'leading dots that are dropped, and what they hid',
    breaks: 'keys: dots and dashes are kept apart',
    says: /read\(.*\.hidden"\) rejected with Error: hidden/,
    make: () =>
      broken((inner) => ({
        async read(object, options) {
          if (lastSegment(object.key).startsWith('.')) throw new Error('hidden');
          return inner.read(object, options);
        },
      })),
  },
  {
    fault: 'a deletion by beginning',
    breaks: 'keys: names that are one another’s beginning are kept apart',
    says: /read\(.*x1"\) rejected with BytesMissingError/,
    make: deletingByBeginning,
  },
  {
    fault: 'names that are cut at 200 bytes',
    breaks: 'keys: a segment of 240 bytes, and many folders, are kept',
    says: /gave other bytes/,
    make: () =>
      renaming((key) =>
        key
          .split('/')
          .map((part) => part.slice(0, 200))
          .join('/'),
      ),
  },
  {
    fault: 'spellings that are made one',
    breaks: 'keys: composed and decomposed spellings are kept apart, or the second is refused',
    says: /read\(.*caf\u00e9.jpg"\) gave other bytes/,
    make: () => renaming((key) => key.normalize('NFC')),
  },
  {
    fault: 'a refusal of the other spelling that asks to be tried again',
    breaks: 'keys: composed and decomposed spellings are kept apart, or the second is refused',
    says: /was refused, but not for good: Error: busy Reject with StorageRefusedError/,
    make: () =>
      broken((inner) => ({
        async write(key, content, options) {
          if (key !== key.normalize('NFC')) throw new Error('busy');
          return inner.write(key, content, options);
        },
      })),
  },
  {
    fault: 'capitals that are made small',
    breaks: 'keys: capital and small letters are kept apart, or the second is refused',
    says: /read\(.*Photo.jpg"\) gave other bytes/,
    make: () => renaming((key) => key.toLowerCase()),
  },
  {
    fault: 'a way out of the storage that is taken',
    breaks: 'keys: one that leads out of the storage is refused',
    says: /write\("\.\.\/.*"\), a key that leads out of the storage, resolved; it must reject/,
    make: () => renaming((key) => key.replace(/^(.*\.\.)?\//, 'outside/')),
  },
];

export function deletingByBeginning() {
  return broken((inner) => ({
    async delete(objects, options) {
      const begun = inner.keys().filter((key) => objects.some((object) => key.startsWith(object.key)));
      await inner.delete(
        begun.map((key) => ({ key, abandoned: true })),
        options,
      );
      return inner.delete(objects, options);
    },
  }));
}
