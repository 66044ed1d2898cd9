import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Pool, type PoolConfig } from 'pg';
import { afterAll } from 'vitest';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import { databaseUrl } from '../../support/database-url.js';
import type { TestDatabase, TestRole } from '../../support/test-database.js';
import { findBinary } from './find-binary.js';

const patienceMs = 10_000;

export interface PgBouncer {
  /** Connections of a role to the database, through the pooler; ended after the file's last test. */
  pool(role: TestRole, options?: PoolConfig): Pool;
  client(role: TestRole): Promise<Client>;
}

/**
 * Starts a PgBouncer in transaction mode on loopback, in front of one database, for the test file that calls it, at its top
 * level; it ends after the file's last test.
 */
export async function startPgBouncer(
  database: TestDatabase,
  roles: readonly TestRole[],
  poolSize: number,
): Promise<PgBouncer> {
  const binary = (await findBinary('pgbouncer')) ?? 'pgbouncer';
  const folder = await createTemporaryFolder('pgbouncer');
  const port = await freePort();
  const server = new URL(database.connectionString);
  const file = (name: string) => join(folder.path, name);

  await writeFile(file('users.txt'), roles.map(({ name, password }) => `"${name}" "${password}"\n`).join(''));
  await writeFile(
    file('pgbouncer.ini'),
    `[databases]
${database.name} = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${file('users.txt')}
pool_mode = transaction
default_pool_size = ${poolSize}
reserve_pool_size = 0
max_client_conn = 100
query_wait_timeout = 20
`,
  );

  const account = await unprivilegedAccount();
  if (account.uid !== undefined && account.gid !== undefined) {
    for (const path of [folder.path, file('users.txt'), file('pgbouncer.ini')]) {
      await chown(path, account.uid, account.gid);
    }
  }
  const log = openSync(file('log'), 'a');
  const bouncer = spawn(binary, [file('pgbouncer.ini')], { ...account, stdio: ['ignore', log, log] });
  closeSync(log);
  const exit = Promise.race([once(bouncer, 'exit'), once(bouncer, 'error')]);

  const url = (role: TestRole) => {
    const address = new URL(databaseUrl(database.connectionString, database.name, role));
    address.port = String(port);
    return address.href;
  };
  const pools: Pool[] = [];
  const clients: Client[] = [];
  afterAll(async () => {
    await Promise.all([...pools, ...clients].map((connection) => connection.end()));
    bouncer.kill('SIGTERM');
    await exit;
  });

  for (const deadline = Date.now() + patienceMs; ; await pause(20)) {
    const ready = await answers(url(roles[0]!));
    if (ready) break;
    if (Date.now() > deadline || bouncer.exitCode !== null) {
      throw new Error(`PgBouncer did not start:\n${await readFile(file('log'), 'utf8')}`);
    }
  }

  return {
    pool(role, options) {
      const pool = new Pool({ ...options, connectionString: url(role) });
      pool.on('error', () => {});
      pools.push(pool);
      return pool;
    },
    async client(role) {
      const client = new Client({ connectionString: url(role) });
      client.on('error', () => {});
      await client.connect();
      clients.push(client);
      return client;
    },
  };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** PgBouncer refuses to run as root. */
async function unprivilegedAccount(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const id = async (option: string) => Number((await promisify(execFile)('id', [option, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}
