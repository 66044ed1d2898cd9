import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Queryable } from '../../support/queryable.js';

/** How a statement fails: its connection breaks before it was sent, or when the server has done it and its answer is lost. */
export type StatementFault = 'never sent' | 'answer lost';

const patienceMs = 10_000;

/** Breaks the connection of a pool at a chosen statement, counted over all its connections. */
export class FaultyPool {
  /** The statement that was struck, if any was. */
  struck: string | undefined;
  private statements = 0;
  private failing = Infinity;
  private fault: StatementFault = 'never sent';
  private readonly broken: number[] = [];

  constructor(readonly pool: Pool) {
    pool.on('connect', (client) => this.watch(client));
  }

  /** Strikes the n-th statement from now on. A BEGIN whose answer is lost does what one does that was never sent: nothing. */
  strike(n: number, fault: StatementFault): void {
    this.statements = 0;
    this.struck = undefined;
    this.failing = n;
    this.fault = fault;
  }

  /** No more faults; resolves when the server has rolled back what the broken connections had begun. */
  async heal(admin: Queryable): Promise<void> {
    this.failing = Infinity;
    for (const deadline = Date.now() + patienceMs; this.broken.length > 0; await pause(5)) {
      const { rows } = await admin.query('select pid from pg_stat_activity where pid = any($1)', [
        this.broken,
      ]);
      if (rows.length === 0) this.broken.length = 0;
      if (Date.now() > deadline) throw new Error(`The sessions ${this.broken.join(', ')} do not end.`);
    }
  }

  private watch(client: PoolClient): void {
    // A connection that breaks while it is in use also says so as an event, which would end the process.
    client.on('error', () => undefined);
    const send = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const query = async (...args: unknown[]): Promise<unknown> => {
      if (this.fault === 'answer lost' && /^(begin|start transaction)/i.test(String(args[0])))
        return send(...args);
      if (++this.statements !== this.failing) return send(...args);
      this.struck = String(args[0]);
      if (this.fault === 'answer lost') await send(...args);
      this.breakOff(client);
      throw new Error(`planned: the connection broke at statement ${this.failing}, ${this.fault}`);
    };
    client.query = query as typeof client.query;
  }

  private breakOff(client: PoolClient): void {
    // node-postgres has both, its types do not.
    const { processID, connection } = client as unknown as {
      processID: number;
      connection: { stream: { destroy(): void } };
    };
    this.broken.push(processID);
    connection.stream.destroy();
  }
}
