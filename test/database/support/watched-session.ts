import type { Client } from 'pg';
import type { AttackedDatabase } from '../../laws/support/attacked-database.js';

/** A session that tells what its statements read. */
export interface WatchedSession {
  readonly session: Client;
  /** How many rows its statements read in vain since this was last asked, at most in one place of a plan. */
  readonly readInVain: () => number;
  /** How many rows they read at all, at most in one place of a plan. */
  readonly read: () => number;
}

export async function watchedSession(attacked: AttackedDatabase): Promise<WatchedSession> {
  const session = await attacked.session();
  const [inVain, atAll] = [new Highest(), new Highest()];
  session.on('notice', ({ message = '' }) => {
    inVain.see(message.matchAll(/Rows Removed by (?:Join )?Filter: (\d+)/g));
    atAll.see(message.matchAll(/actual rows=(\d+)/g));
  });
  await session.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_level = notice;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off`);
  return { session, readInVain: () => inVain.take(), read: () => atAll.take() };
}

class Highest {
  private highest = 0;

  see(matches: Iterable<RegExpExecArray>): void {
    for (const [, figure] of matches) this.highest = Math.max(this.highest, Number(figure));
  }

  take(): number {
    const taken = this.highest;
    this.highest = 0;
    return taken;
  }
}
