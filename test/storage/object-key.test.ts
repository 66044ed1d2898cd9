import { v7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { InvalidFileIdError } from '../../src/errors/invalid-file-id-error.js';
import { assertKey } from '../../src/storage/assert-key.js';
import { isHiddenKey } from '../../src/storage/is-hidden-key.js';
import { generateKey } from '../../src/storage/object-key.js';

const fileId = v7({ msecs: Date.UTC(2026, 0, 31, 23, 59, 59, 999) });

describe('generateKey', () => {
  it('names day, shard, id and file', () => {
    expect(generateKey({ fileId, filename: 'photo.jpg' })).toBe(
      `2026/01/31/${fileId.slice(-1)}/${fileId}-photo.jpg`,
    );
  });

  it('takes the day from the id, in UTC', () => {
    expect(generateKey({ fileId: v7({ msecs: Date.UTC(2026, 1, 1) }) })).toMatch(/^2026\/02\/01\//);
    expect(generateKey({ fileId: v7({ msecs: 0 }) })).toMatch(/^1970\/01\/01\//);
  });

  it('is the id alone where there is no usable name', () => {
    for (const filename of [undefined, '', '..', '???', '\u202e']) {
      expect(generateKey({ fileId, filename }).split('/').at(-1)).toBe(fileId);
    }
  });

  it('spreads ids of one moment over the shards', () => {
    const shards = new Set(Array.from({ length: 5000 }, () => generateKey({ fileId: v7() }).split('/')[3]));
    expect(shards.size).toBe(16);
  });

  it('begins the last segment with the id as PostgreSQL writes it', () => {
    const key = generateKey({ fileId: fileId.toUpperCase(), filename: 'A.jpg' });
    expect(key.split('/').at(-1)).toBe(`${fileId}-A.jpg`);
  });

  it.each([
    'x'.repeat(10_000),
    `${'x'.repeat(10_000)}.tar.gz`,
    '👨‍👩‍👧‍👦'.repeat(1000),
    'a/b\\c.jpg',
    '../../../etc/passwd',
    '\0\ud800',
    'con',
    '\u1e9b\u0323'.repeat(1000),
  ])('is a valid key whose temporary name still fits, whatever the name', (filename) => {
    const key = generateKey({ fileId, filename });
    const last = key.split('/').at(-1) ?? '';
    expect(() => assertKey(key)).not.toThrow();
    expect(key.split('/')).toHaveLength(5);
    expect(last.startsWith(fileId)).toBe(true);
    expect(Buffer.byteLength(last)).toBeLessThanOrEqual(240);
    expect(Buffer.byteLength(`${last}.part`)).toBeLessThanOrEqual(255);
  });

  it('refuses an id that is no UUIDv7', () => {
    for (const bad of ['', 'x', '00000000-0000-4000-8000-000000000000', `${fileId}/..`]) {
      expect(() => generateKey({ fileId: bad })).toThrow(InvalidFileIdError);
    }
  });
});

it('gives a name that ends like a temporary file a key that listings show', () => {
  expect(generateKey({ fileId, filename: 'backup.part' })).toMatch(/-backup\.part_$/);
  expect(isHiddenKey(generateKey({ fileId, filename: 'backup.part' }))).toBe(false);
  expect(isHiddenKey(generateKey({ fileId, filename: `${'x'.repeat(300)}.part` }))).toBe(false);
});
