import type { AnyKysely } from './any-kysely.js';

/** By shape, not by class: an application may hold a second copy of Kysely. */
export function isKysely(value: unknown): value is AnyKysely {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as AnyKysely).selectFrom === 'function' &&
    typeof (value as AnyKysely).executeQuery === 'function'
  );
}
