import { Client, Pool, type PoolClient } from 'pg';
import type { Host, Subject } from '../support/host.js';

/** A client beside pg's own, as before it knew of transactions. */
class OldClient extends Client {}
Object.defineProperty(OldClient.prototype, 'getTransactionStatus', { value: undefined });

const clients: [name: string, type: typeof Client][] = [
  ['node-postgres', Client],
  ['node-postgres whose clients do not know of transactions', OldClient],
];

export const subjects: Subject<PoolClient>[] = clients.map(([name, ClientType]) => ({
  name,
  handleIsOneTransaction: false,
  open: async (connectionString, max) =>
    host(new Pool({ connectionString, max: max * 8, Client: ClientType as never })),
}));

function host(pool: Pool): Host<PoolClient> {
  const begun: PoolClient[] = [];
  return {
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    async nested(client, work) {
      await client.query('savepoint nested');
      try {
        const result = await work(client);
        await client.query('release savepoint nested');
        return result;
      } catch (error) {
        await client.query('rollback to savepoint nested');
        throw error;
      }
    },
    async begin() {
      const tx = await pool.connect();
      await tx.query('begin');
      begun.push(tx);
      const end = (statement: string) => tx.query(statement);
      return { tx, commit: () => end('commit'), rollback: () => end('rollback') };
    },
    run: (client, statement) => client.query(statement),
    adapt: (client) => client,
    refused: [['a pool', () => pool, /Take a client from the pool/]],
    close: () => {
      for (const client of begun) client.release();
      return pool.end();
    },
  };
}
