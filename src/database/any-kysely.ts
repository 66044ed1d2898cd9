import type { Kysely } from 'kysely';

/** A Kysely instance or transaction over tables the registry does not know. `Kysely<unknown>` would refuse most of them. */
export type AnyKysely = Kysely<any>;
