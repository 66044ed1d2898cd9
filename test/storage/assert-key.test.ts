import { describe, expect, it } from 'vitest';
import { InvalidKeyError } from '../../src/errors/invalid-key-error.js';
import { assertKey } from '../../src/storage/assert-key.js';

describe('assertKey', () => {
  it.each([
    'a',
    'a/b',
    '2026/01/31/ab/x.jpg',
    '...',
    '..a/.b',
    ' blank ',
    'Ünïcode/写真/👨‍👩‍👧‍👦',
    'e\u0301',
    `${'x'.repeat(255)}/${'y'.repeat(255)}`,
    'a%2f..%2fb',
  ])('takes %j', (key) => {
    expect(() => assertKey(key)).not.toThrow();
  });

  it.each([
    ['', 'is empty'],
    ['/a', 'is absolute'],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['.', "segment '.'"],
    ['./a', "segment '.'"],
    ['..', "segment '..'"],
    ['a/../b', "segment '..'"],
    ['a\0b', 'NUL'],
    ['a\nb', 'control character'],
    ['a\x7fb', 'control character'],
    ['a\ufffe', 'control character'],
    ['a\\b', 'backslash'],
    ['..\\b', 'backslash'],
    ['a\ud800', 'surrogate'],
    ['x'.repeat(256), 'segment longer than 255 bytes'],
    ['é'.repeat(128), 'segment longer than 255 bytes'],
    [`${'x/'.repeat(512)}x`, 'longer than 1024 bytes'],
  ])('refuses %j and says why', (key, why) => {
    expect(() => assertKey(key)).toThrow(InvalidKeyError);
    expect(() => assertKey(key)).toThrow(why);
  });

  it('refuses what is no text', () => {
    for (const key of [undefined, null, 1, {}, ['a']]) {
      expect(() => assertKey(key as unknown as string)).toThrow(InvalidKeyError);
    }
  });

  it('keeps its message short and on one line', () => {
    const error = captured(() => assertKey(`${'\n'.repeat(10_000)}`));
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).not.toContain('\n');
    expect(error).toMatchObject({ code: 'INVALID_KEY', kind: 'usage' });
  });
});

function captured(work: () => void): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
