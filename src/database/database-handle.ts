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
    `${option}: expected a Kysely instance or a pg.Pool, received ${describe(handle)}. Pass the one the application uses, or new Pool({ connectionString }).`,
    { context: { option } },
  );
}

/** Never a text itself: a connection string holds a password, and this goes to the log. */
function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return value.constructor?.name ?? 'an object';
  }
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}
