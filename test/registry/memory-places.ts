import { expect } from 'vitest';
import { memoryStorage, type MemoryStorage } from 'nestjs-file-registry/testing';
import { assertLaws } from '../support/assert-laws.js';
import type { TestRegistry } from '../support/create-test-registry.js';

/** Storages in memory by name. */
export type MemoryPlaces = Readonly<Record<string, MemoryStorage>>;

export function memoryPlaces(...names: string[]): MemoryPlaces {
  return Object.fromEntries(names.map((name) => [name, memoryStorage()]));
}

/** The laws, and rows against the bytes in memory: no bytes without a row, no file without its bytes. */
export async function assertPlaces(registry: TestRegistry, places: MemoryPlaces): Promise<void> {
  await assertLaws({ admin: registry.pool, storages: {} });
  const files = await registry.tables.selectFrom('files').select(['storage', 'key']).execute();
  const pending = await registry.tables
    .selectFrom('deletions')
    .select(['storage', 'key'])
    .where('state', '<>', 'deleted')
    .execute();
  const named = ({ storage, key }: { storage: string; key: string }) => `${storage} ${key}`;
  const bytes = Object.entries(places).flatMap(([storage, place]) =>
    [...place.keys(), ...place.uploading()].map((key) => named({ storage, key })),
  );
  expect(bytes, 'every file has its bytes').toEqual(expect.arrayContaining(files.map(named)));
  expect([...files, ...pending].map(named), 'all bytes have a row').toEqual(expect.arrayContaining(bytes));
}

/** Lets everything lapse, and drains twice, because abandoned uploads are deleted once more. */
export async function drainLapsed(registry: TestRegistry, interval = '2 hours'): Promise<void> {
  for (const _ of ['what is due', 'the second pass']) {
    await registry.passTime(interval);
    await registry.processor.drain();
  }
}
