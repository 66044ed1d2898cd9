import { totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { migrate } from 'nestjs-file-registry';
import { Client, Pool, type PoolConfig } from 'pg';
import { databaseUrl } from '../../test/support/database-url.js';
import { startPostgres, type Postgres } from '../../test/support/start-postgres.js';

const sharedBuffersMiBMax = 8192;
const poolPatienceMs = 5000;

/**
 * One PostgreSQL for everything that is compared, with the settings of a server that keeps what it confirmed, and a fresh database
 * for each system. It goes with this process.
 */
export class BenchServer implements AsyncDisposable {
  private created = 0;
  private readonly template = 'bench_template';

  private constructor(
    private readonly postgres: Postgres,
    private readonly admin: Client,
    readonly version: string,
  ) {}

  /** @param settings Win over the ones that all benchmarks share. */
  static async start(settings: Record<string, string> = {}): Promise<BenchServer> {
    const quarterMiB = Math.floor(totalmem() / 4 / 1024 / 1024);
    const postgres = await startPostgres({
      settings: {
        fsync: 'on',
        full_page_writes: 'on',
        synchronous_commit: 'on',
        max_connections: '400',
        // What the manual recommends to begin with.
        shared_buffers: `${Math.min(quarterMiB, sharedBuffersMiBMax)}MB`,
        // No checkpoint falls into one sample and not into the next.
        max_wal_size: '16GB',
        checkpoint_timeout: '1h',
        ...settings,
      },
    });
    const admin = new Client({ connectionString: postgres.connectionString });
    admin.on('error', () => undefined);
    await admin.connect();
    const { rows } = await admin.query('show server_version');
    const server = new BenchServer(postgres, admin, rows[0].server_version as string);
    await server.createTemplate();
    return server;
  }

  /** A database of a system's own, migrated where it is the registry's. */
  async create({ registry }: { registry: boolean }): Promise<BenchDatabase> {
    const name = `bench_${++this.created}`;
    await this.admin.query(
      registry ? `create database ${name} template ${this.template}` : `create database ${name}`,
    );
    return new BenchDatabase(databaseUrl(this.postgres.connectionString, name), async () => {
      await this.untilUnused(name);
      await this.admin.query(`drop database ${name} with (force)`);
    });
  }

  /** Writes out what earlier work left dirty, so that the next sample does not pay for it. */
  async checkpoint(): Promise<void> {
    await this.admin.query('checkpoint');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.end().catch(() => undefined);
    await this.postgres.stop();
  }

  /** A pool that has ended may still be hanging up; cutting it off would be reported as an error. */
  private async untilUnused(name: string): Promise<void> {
    for (let looks = 0; looks < 100; looks++) {
      const { rowCount } = await this.admin.query(
        `select from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
        [name],
      );
      if (rowCount === 0) return;
      await pause(20);
    }
  }

  private async createTemplate(): Promise<void> {
    await this.admin.query(`create database ${this.template}`);
    const pool = new Pool({
      connectionString: databaseUrl(this.postgres.connectionString, this.template),
      max: 2,
    });
    await migrate(pool);
    await pool.end();
  }
}

export class BenchDatabase implements AsyncDisposable {
  private readonly pools: Pool[] = [];

  constructor(
    readonly connectionString: string,
    private readonly drop: () => Promise<void>,
  ) {}

  pool(config: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString: this.connectionString, max: 4, ...config });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    this.pools.push(pool);
    return pool;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = Promise.all(this.pools.map((pool) => (pool.ending ? undefined : pool.end())));
    // After a failure somebody may still have a client, and the end of a pool would wait for him for ever.
    await Promise.race([ended, pause(poolPatienceMs, undefined, { ref: false })]);
    await this.drop();
  }
}
