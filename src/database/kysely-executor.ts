import { CompiledQuery } from 'kysely';
import type { AnyKysely } from './any-kysely.js';
import type { Executor } from './executor.js';

/**
 * Runs statements through a Kysely instance or transaction, without its plugins: a case converter would rename the keys of
 * the answers.
 */
export function kyselyExecutor(database: AnyKysely): Executor {
  const plain = database.withoutPlugins();
  return {
    async query(text, parameters) {
      const result = await plain.executeQuery<Record<string, unknown>>(
        CompiledQuery.raw(text, [...parameters]),
      );
      // The driver's promises keep its array for long, and with it every answer of a loop: 100 MiB for a million rows.
      return Object.isFrozen(result.rows) ? result.rows : result.rows.splice(0);
    },
  };
}
