import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import type { AnyKysely } from './any-kysely.js';
import { isKysely } from './is-kysely.js';
import { surviveLostConnections } from './survive-lost-connections.js';

/** What the registry is given to reach PostgreSQL: a Kysely instance, or a `pg.Pool`. It never closes either. */
export type DatabaseHandle = AnyKysely | PostgresPool;

/** Turns the handle into Kysely, which is what everything inside uses. */
export function toKysely(handle: DatabaseHandle, option = 'database'): AnyKysely {
  if (isKysely(handle)) {
    return handle.withoutPlugins();
  }
  if (
    typeof handle === 'object' &&
    handle !== null &&
    typeof handle.connect === 'function' &&
    'totalCount' in handle
  ) {
    surviveLostConnections(handle);
    return new Kysely({ dialect: new PostgresDialect({ pool: handle }) });
  }
  throw new InvalidOptionError(
    `${option}: expected a Kysely instance or a pg.Pool, received ${describe(handle)}. Pass the one the application uses.`,
    { context: { option } },
  );
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? (value.constructor?.name ?? 'an object')
    : String(value);
}
