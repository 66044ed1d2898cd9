import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import { Client, Pool, type PoolConfig } from 'pg';
import { databaseUrl } from './database-url.js';

export interface TestDatabaseOptions {
  /** The superuser's connection string to the server. */
  server: string;
  template: string;
  /** Begins the names of all databases of the run. */
  prefix: string;
  /** How long connections may take to end. Default: 5 seconds. */
  leakPatienceMs?: number;
}

export interface TestRole {
  name: string;
  password: string;
}

type ConnectionOptions = Omit<PoolConfig, 'connectionString'> & { role?: TestRole };

/**
 * A migrated database of one test file's own. Whatever connects through its methods is ended by `drop`; whatever else is
 * still connected by then is a leak and fails the file.
 */
export class TestDatabase {
  readonly name: string;
  readonly connectionString: string;

  private readonly admin: Client;
  private readonly pools: Pool[] = [];
  private readonly clients: Client[] = [];
  private readonly roles: TestRole[] = [];
  private readonly leakPatienceMs: number;

  private constructor(private readonly options: TestDatabaseOptions) {
    this.leakPatienceMs = options.leakPatienceMs ?? 5_000;
    this.name = options.prefix + randomBytes(6).toString('hex');
    this.connectionString = databaseUrl(options.server, this.name);
    this.admin = new Client({ connectionString: options.server, application_name: 'test-database' });
  }

  static async create(options: TestDatabaseOptions): Promise<TestDatabase> {
    const database = new TestDatabase(options);
    await database.admin.connect();
    await database.admin.query(`create database ${database.name} template ${options.template}`);
    return database;
  }

  pool(options: ConnectionOptions = {}): Pool {
    const pool = new Pool(this.connection(options));
    // Tests take connections away; node-postgres reports an idle one that breaks as an event, which would end the process.
    pool.on('error', () => {});
    this.pools.push(pool);
    return pool;
  }

  /** Over a pool of its own. The tables are the test's business, hence `any`. */
  kysely<Tables = any>(options: ConnectionOptions = {}): Kysely<Tables> {
    const pool = this.pool(options);
    // As the README asks of an application: nobody else listens for connections that break in use.
    pool.on('connect', (client) => client.on('error', () => {}));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  }

  /** A connection by itself, already connected: for what needs one session, such as two transactions side by side. */
  async client(options: ConnectionOptions = {}): Promise<Client> {
    const client = new Client(this.connection(options));
    client.on('error', () => {});
    await client.connect();
    this.clients.push(client);
    return client;
  }

  /** A connection inside a transaction, which ends with the connection at the latest. */
  async begun(isolation = 'read committed'): Promise<Client> {
    const client = await this.client();
    await client.query(`begin isolation level ${isolation}`);
    return client;
  }

  /** A role without any right but to connect, dropped with the database. */
  async role(): Promise<TestRole> {
    const role = { name: `${this.name}_${this.roles.length + 1}`, password: randomBytes(6).toString('hex') };
    await this.admin.query(`create role ${role.name} login password '${role.password}'`);
    this.roles.push(role);
    return role;
  }

  /** Takes every connection to this database away, as a restart of the server would. */
  async disconnectAll(): Promise<void> {
    await this.admin.query(
      'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1',
      [this.name],
    );
  }

  /** Refuses or accepts new connections, the superuser's too. */
  async allowConnections(allowed: boolean): Promise<void> {
    await this.admin.query(`alter database ${this.name} allow_connections ${allowed}`);
  }

  /**
   * Ends its own connections, checks that nobody else's are left, and drops the database.
   *
   * @throws Error that names the connections left open; the database is gone all the same.
   */
  async drop(): Promise<void> {
    const ends = [
      ...this.pools.filter((pool) => !pool.ending && !pool.ended).map((pool) => pool.end()),
      ...this.clients.map((client) => client.end()),
    ];
    // A pool waits for ever for a client that nobody released; the check below says which query it ran last.
    await Promise.race([Promise.allSettled(ends), pause(this.leakPatienceMs, undefined, { ref: false })]);

    const left = await this.connectionsLeft();
    await this.admin.query(`drop database ${this.name} with (force)`);
    for (const role of this.roles) await this.admin.query(`drop role ${role.name}`);
    await this.admin.end();
    if (left.length > 0) throw new Error(`Connections were left open:\n  ${left.join('\n  ')}`);
  }

  private async connectionsLeft(): Promise<string[]> {
    for (const deadline = Date.now() + this.leakPatienceMs; ; await pause(20)) {
      const { rows } = await this.admin.query<{ connection: string }>(
        `select format('pid %s%s, %s: %s', pid, ' (' || nullif(application_name, '') || ')', state, query) as connection
           from pg_stat_activity
          where datname = $1
            and backend_type = 'client backend'`,
        [this.name],
      );
      if (rows.length === 0 || Date.now() > deadline) return rows.map((row) => row.connection);
    }
  }

  private connection({ role, ...options }: ConnectionOptions): PoolConfig {
    return { ...options, connectionString: databaseUrl(this.options.server, this.name, role) };
  }
}
