import { DatabaseUnavailableError, FileRegistry } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import type { Argument } from '../../src/database/call.js';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { RESOLVED_OPTIONS } from '../../src/options/options-token.js';
import { awaitedLater } from '../support/awaited-later.js';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry({ leaseMs: 1000 });
const { maker } = registry;

const aborted = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('a maker whose lease cannot be renewed because the database is away is stopped, and nothing of it stays', async () => {
  let away = false;
  class LosableDatabase extends RegistryDatabase {
    override async call<Result>(name: string, args: readonly Argument[]): Promise<Result> {
      if (away) throw new DatabaseUnavailableError('The database is away.');
      return super.call<Result>(name, args);
    }
  }
  const database = new LosableDatabase(registry.module.get(RegistryDatabase).kysely, 'file_registry');
  const files = new FileRegistry(registry.module.get(RESOLVED_OPTIONS), database);
  const original = await registry.original();
  const { asked } = maker.nextWaits();
  const making = awaitedLater(files.rendition(original, 'size=1'));
  const { signal } = await asked;
  away = true;
  expect(await aborted(signal)).toMatchObject({ message: 'the lease was lost' });
  await expect(making).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', kind: 'retryable' });

  away = false;
  await registry.passTime('1 second');
  expect(await registry.content(await files.rendition(original, 'size=1'))).toBe('{"size":"1"}');
  expect(await registry.leases(original)).toEqual([]);
});

test('a maker whose lease is not renewed because the database does not answer is stopped too', async () => {
  const original = await registry.original();
  const { asked } = maker.nextWaits();
  const making = registry.files.rendition(original, 'size=1');
  const { signal } = await asked;
  const session = await registry.database.begun();
  await session.query('select from file_registry.rendition_leases where original_id = $1 for update', [
    original.id,
  ]);
  expect(await aborted(signal)).toMatchObject({ message: 'the lease was lost' });
  await session.query('rollback');
  expect(await registry.content(await making)).toBe('{"size":"1"}');
  expect(maker.requests).toHaveLength(2);
});

test('a maker that works longer than its lease keeps it', async () => {
  const original = await registry.original();
  const { asked, answer } = maker.nextWaits();
  const making = registry.files.rendition(original, 'size=1');
  await asked;
  const expiry = () =>
    registry.tables
      .selectFrom('rendition_leases')
      .select('expires_at')
      .where('original_id', '=', original.id)
      .executeTakeFirstOrThrow();
  const { expires_at: first } = await expiry();
  const { promise: renewed, resolve } = Promise.withResolvers<void>();
  const looking = setInterval(async () => (await expiry()).expires_at > first && resolve(), 20);
  await renewed;
  clearInterval(looking);
  answer({ content: Buffer.from('in its time') });
  expect(await registry.content(await making)).toBe('in its time');
  expect(maker.requests).toHaveLength(1);
});
