import { describe, expect, it } from 'vitest';
import { sanitizeFilename } from '../../src/storage/sanitize-filename.js';

const family = '👨‍👩‍👧‍👦';

describe('sanitizeFilename', () => {
  it.each([
    ['photo.jpg', 'photo.jpg'],
    ['Übergröße – Entwurf (2).pdf', 'Übergröße – Entwurf (2).pdf'],
    ['写真.jpg', '写真.jpg'],
    ['.htaccess', '.htaccess'],
    [`${family}.png`, `${family}.png`],
    ['  padded name.txt ', 'padded name.txt'],
  ])('keeps %j readable', (name, expected) => {
    expect(sanitizeFilename(name)).toBe(expected);
  });

  it.each([
    ['a/b\\c.jpg', 'c.jpg'],
    ['C:\\Users\\me\\c.jpg', 'c.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['./photo.jpg', 'photo.jpg'],
    ['folder/', 'folder'],
  ])('takes the last component of the path %j', (name, expected) => {
    expect(sanitizeFilename(name)).toBe(expected);
  });

  it.each([
    ['NUL', 'a\0b.txt', 'ab.txt'],
    ['line breaks', 'a\r\nb.txt', 'ab.txt'],
    ['a right-to-left override', 'invoice\u202egpj.exe', 'invoicegpj.exe'],
    ['isolates and marks', '\u2066a\u2069\u200e\u200f\u061cb.txt', 'ab.txt'],
    ['invisible characters', '\ufeffa\u200b\u2060b.txt', 'ab.txt'],
    ['noncharacters', 'a\ufffe\uffff\u{1fffe}b.txt', 'ab.txt'],
    ['lone surrogates', 'a\ud83d\ude00\ud83db\ude00.txt', 'a😀b.txt'],
    ['what Windows refuses', 'a<b>c:d"e|f?g*h.txt', 'abcdefgh.txt'],
    ['trailing dots and blanks', 'name. . .', 'name'],
  ])('removes %s', (_what, name, expected) => {
    expect(sanitizeFilename(name)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    '.',
    '..',
    '...',
    '.'.repeat(10_000),
    '/',
    '\\\\',
    '\0',
    '???',
    'a/..',
    '\u202e',
    '\ud800',
    '. .',
  ])('has nothing to say about %j', (name) => {
    expect(sanitizeFilename(name)).toBeUndefined();
  });

  it.each([
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['LPT1.tar.gz', '_LPT1.tar.gz'],
    ['nul ', '_nul'],
    ['console.txt', 'console.txt'],
  ])('makes the reserved name %j usable', (name, expected) => {
    expect(sanitizeFilename(name)).toBe(expected);
  });

  it('gives the composed and the decomposed form of a name one spelling', () => {
    expect(sanitizeFilename('e\u0301te\u0301.txt')).toBe('\u00e9t\u00e9.txt');
    expect(sanitizeFilename('\u00e9t\u00e9.txt')).toBe('\u00e9t\u00e9.txt');
    expect(sanitizeFilename('e\u200b\u0301.txt')).toBe('\u00e9.txt');
  });

  it('shortens 10,000 characters to 255 bytes and keeps the extension', () => {
    expect(sanitizeFilename(`${'x'.repeat(10_000)}.jpeg`)).toBe(`${'x'.repeat(250)}.jpeg`);
    expect(sanitizeFilename('x'.repeat(10_000))).toBe('x'.repeat(255));
    expect(sanitizeFilename(`a.${'x'.repeat(10_000)}`)).toBe(`a.${'x'.repeat(253)}`);
    expect(sanitizeFilename(`${'?'.repeat(10_000)}hello.jpg`)).toBe('hello.jpg');
    expect(sanitizeFilename(`${'é'.repeat(10_000)}.jpg`)).toBe(`${'é'.repeat(125)}.jpg`);
  });

  it('never cuts an emoji in two', () => {
    const bytes = Buffer.byteLength(family);
    const short = sanitizeFilename(`${family.repeat(1000)}.png`);
    expect(short).toBe(`${family.repeat(Math.floor(251 / bytes))}.png`);
    expect(sanitizeFilename('🇩🇪'.repeat(1000), { maxBytes: 100 })).toBe('🇩🇪'.repeat(12));
  });

  it('cuts between characters where one grapheme is larger than the room', () => {
    const zalgo = `a${'\u0336'.repeat(10_000)}.txt`;
    const short = sanitizeFilename(zalgo) ?? '';
    expect(short.startsWith('a\u0336')).toBe(true);
    expect(short.endsWith('.txt')).toBe(true);
    expect(Buffer.byteLength(short)).toBeLessThanOrEqual(255);
  });

  it('holds for any input: bounded, well-formed, composed, one segment, and unchanged when done twice', () => {
    const alphabet = [
      ...'aZ9.. /\\?:\0\n-_é',
      'e\u0301',
      '\u0301',
      '\ud800',
      '\udc00',
      '😀',
      family,
      '\u202e',
      'con',
      'NUL.',
    ];
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 2000; round++) {
      const name = Array.from({ length: random(120) }, () => alphabet[random(alphabet.length)]).join('');
      for (const maxBytes of [64, 203, 255]) {
        const safe = sanitizeFilename(name, { maxBytes });
        if (safe === undefined) continue;
        expect(safe).not.toBe('');
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(maxBytes);
        expect(safe.isWellFormed()).toBe(true);
        expect(safe.normalize('NFC')).toBe(safe);
        expect(safe).not.toMatch(/[/\\\0\n\u202e]|^\.+$/);
        expect(sanitizeFilename(safe, { maxBytes })).toBe(safe);
      }
    }
  });
});
