import { type DynamicModule, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type Generated, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';

/** The application's own tables. */
export interface Database {
  article: { id: Generated<number>; title: string };
}

export const DATABASE = Symbol('database');

/** One Kysely over one pool, closed when the application has shut down. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  static forRoot(connectionString: string): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: DATABASE, useFactory: () => openDatabase(connectionString) }],
      exports: [DATABASE],
    };
  }

  constructor(@Inject(DATABASE) private readonly db: Kysely<Database>) {}

  /** Not earlier: until then the registry's processor may be finishing its last batch. */
  async onApplicationShutdown(): Promise<void> {
    await this.db.destroy();
  }
}

function openDatabase(connectionString: string): Kysely<Database> {
  const pool = new Pool({ connectionString });
  const warn = (error: Error) => {
    // What is being closed may break on the way, as when the server stops at the same moment.
    if (!pool.ending) new Logger('Database').warn(`A connection broke: ${error.message}`);
  };
  // An event of the pool while it is idle, of the client while it is in use; without a listener it would end the process.
  pool.on('error', warn);
  pool.on('connect', (client) => client.on('error', warn));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}
