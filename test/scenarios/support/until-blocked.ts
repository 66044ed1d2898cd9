import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Queryable } from '../../support/queryable.js';

const patienceMs = 10_000;

/** Resolves when the session of `client` waits for a lock. */
export async function untilBlocked(client: Client, observer: Queryable): Promise<void> {
  const pid = (client as unknown as { processID: number }).processID; // node-postgres has it, its types do not
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(5)) {
    const { rows } = await observer.query('select cardinality(pg_blocking_pids($1)) > 0 as blocked', [pid]);
    if (rows[0].blocked) return;
  }
  throw new Error(`Session ${pid} does not wait for any lock.`);
}
