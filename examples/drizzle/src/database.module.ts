import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';

export const DATABASE = Symbol('database');
export type Database = NodePgDatabase;

/** Drizzle and the registry share one pool. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  static forRoot(connectionString: string): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: Pool, useFactory: () => new Pool({ connectionString }) },
        { provide: DATABASE, inject: [Pool], useFactory: (pool: Pool) => drizzle(pool) },
      ],
      exports: [DATABASE, Pool],
    };
  }

  constructor(@Inject(Pool) private readonly pool: Pool) {}

  /** Not earlier: until then the registry may be finishing its last batch. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
