import type { Pool, PoolClient } from 'pg';

export interface Statement {
  readonly text: string;
  readonly ms: number;
}

/** Notes every statement that goes over the connections of a pool, and how long its answer took. */
export class StatementMeter {
  private noted: Statement[] = [];

  constructor(pool: Pool) {
    pool.on('connect', (client) => this.watch(client));
  }

  /** What was noted since the last call. */
  take(): Statement[] {
    const statements = this.noted;
    this.noted = [];
    return statements;
  }

  private watch(client: PoolClient): void {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const startedAt = performance.now();
      const text = typeof args[0] === 'string' ? args[0] : String((args[0] as { text?: string }).text);
      const note = () => this.noted.push({ text, ms: performance.now() - startedAt });
      const answer = query(...args);
      // pool.query passes a callback instead of taking a promise.
      if (answer instanceof Promise) return answer.finally(note);
      note();
      return answer;
    }) as typeof client.query;
  }
}
