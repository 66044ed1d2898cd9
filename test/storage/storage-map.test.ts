import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/invalid-option-error.js';
import { StorageUnusableError } from '../../src/errors/storage-unusable-error.js';
import { UnknownStorageError } from '../../src/errors/unknown-storage-error.js';
import { localStorage } from '../../src/storage/local/local-storage.js';
import { StorageMap } from '../../src/storage/storage-map.js';
import type { FileStorage } from '../../src/storage/storage.js';
import { temporaryFolder } from './local/temporary-folder.js';

function at(location: string): FileStorage {
  const unused = () => Promise.reject(new Error('a map calls no storage'));
  const list = () => {
    throw new Error('a map calls no storage');
  };
  return { location, check: unused, write: unused, read: unused, stat: unused, list, delete: unused };
}

function mapOf(locations: Record<string, string>): StorageMap {
  const storages = Object.fromEntries(Object.entries(locations).map(([name, place]) => [name, at(place)]));
  return new StorageMap({ storages, defaultStorage: Object.keys(locations)[0] ?? '' });
}

describe('StorageMap', () => {
  it('finds storages by name and knows the default', () => {
    const media = at('file:///m');
    const map = new StorageMap({ storages: { media, b: at('s3://b') }, defaultStorage: 'media' });
    expect(map.get('media')).toBe(media);
    expect(map.defaultName).toBe('media');
    expect(map.names).toEqual(['media', 'b']);
    expect([...map].map(([name]) => name)).toEqual(['media', 'b']);
    expect(map.has('c')).toBe(false);
  });

  it('lists the known names for an unknown one', () => {
    const map = mapOf({ media: 'file:///m', archive: 'file:///a' });
    expect(() => map.get('medai')).toThrow(UnknownStorageError);
    expect(() => map.get('medai')).toThrow("'medai'; there are media, archive");
    for (const inherited of ['constructor', '__proto__', 'toString']) {
      expect(() => map.get(inherited)).toThrow(UnknownStorageError);
    }
  });

  it.each(['', ' ', 'a b', 'a/b', '-a', '.a', 'ä', 'x'.repeat(64), 'a\n'])('refuses the name %j', (name) => {
    expect(() => mapOf({ [name]: 'file:///m' })).toThrow(InvalidOptionError);
  });

  it.each(['a', 'userUploads', 'a.b-c_d', '0', 'x'.repeat(63)])('takes the name %j', (name) => {
    expect(mapOf({ [name]: 'file:///m' }).names).toEqual([name]);
  });

  it('refuses an empty, missing or malformed list, and names what it received', () => {
    for (const storages of [{}, undefined, null, 'media']) {
      const options = { storages: storages as unknown as Record<string, FileStorage>, defaultStorage: 'a' };
      expect(() => new StorageMap(options)).toThrow('`storages` must be');
    }
    const malformed = { media: { location: 'file:///m' } as unknown as FileStorage };
    expect(() => new StorageMap({ storages: malformed, defaultStorage: 'media' })).toThrow(
      '`storages.media`',
    );
  });

  it('refuses a default that is not there', () => {
    const options = { storages: { media: at('file:///m') }, defaultStorage: 'other' };
    expect(() => new StorageMap(options)).toThrow(
      /`defaultStorage` must be one of .* media\. Received: 'other'/,
    );
  });

  it.each([
    ['file:///m', 'file:///m'],
    ['file:///m', 'file:///m/'],
    ['file:///m', 'file:///m/sub'],
    ['file:///m/a/b', 'file:///m'],
    ['file:///', 'file:///m'],
    ['s3://bucket', 's3://bucket/prefix'],
  ])('refuses two storages over %s and %s, naming both', (one, other) => {
    expect(() => mapOf({ one, other })).toThrow(StorageUnusableError);
    expect(() => mapOf({ one, other })).toThrow(/'one'.*'other'|'other'.*'one'/);
  });

  it.each([
    ['file:///m', 'file:///m2'],
    ['file:///m/a', 'file:///m/b'],
    ['s3://bucket/a', 's3://bucket/ab'],
  ])('takes %s beside %s', (one, other) => {
    expect(mapOf({ one, other }).names).toHaveLength(2);
  });

  it('sees one folder behind two paths, also one that is not there yet', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    await symlink('real', join(folder, 'link'));
    for (const [one, other] of [
      ['real', 'link'],
      ['real/later', 'link/later'],
      ['real', 'link/later/still'],
    ] as const) {
      const storages = {
        one: localStorage({ root: join(folder, one) }),
        other: localStorage({ root: join(folder, other) }),
      };
      expect(() => new StorageMap({ storages, defaultStorage: 'one' })).toThrow(StorageUnusableError);
    }
  });
});
