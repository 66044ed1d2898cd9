import { setTimeout as pause } from 'node:timers/promises';
import type { Queryable } from '../support/queryable.js';

const patienceMs = 15_000;

/** Resolves once the condition holds. The patience only bounds how long a failing test takes. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await holds()); await pause(5)) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain for: ${what}`);
  }
}

/** Resolves once the session of this backend waits for a lock that another holds. */
export function untilBlocked(admin: Queryable, pid: number): Promise<void> {
  return until(`backend ${pid} waits for a lock`, async () => {
    const { rows } = await admin.query('select cardinality(pg_blocking_pids($1)) > 0 as blocked', [pid]);
    return rows[0].blocked;
  });
}
