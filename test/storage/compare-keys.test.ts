import { expect, test } from 'vitest';
import { compareKeys } from '../../src/storage/compare-keys.js';

test('keys compare as their UTF-8 bytes do', () => {
  const keys = [
    '',
    'a',
    'a-b',
    'a/b',
    'a0',
    'ab',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffee',
    '𐀀',
    '😀',
    '😀a',
    '\u{10ffff}',
  ];
  for (const one of keys) {
    for (const other of keys) {
      const expected = Buffer.compare(Buffer.from(one), Buffer.from(other));
      expect(Math.sign(compareKeys(one, other)), `${one} against ${other}`).toBe(expected);
    }
  }
});
