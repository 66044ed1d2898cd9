import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source.js';

/** TypeORM's data source, and a small pool for the registry's own statements. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  static forRoot(databaseUrl: string): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: DataSource,
          useFactory: () => new DataSource(dataSourceOptions(databaseUrl)).initialize(),
        },
        { provide: Pool, useFactory: () => new Pool({ connectionString: databaseUrl, max: 4 }) },
      ],
      exports: [DataSource, Pool],
    };
  }

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Pool) private readonly pool: Pool,
  ) {}

  /** Not earlier: until then the registry may be finishing its last batch. */
  async onApplicationShutdown(): Promise<void> {
    await this.dataSource.destroy();
    await this.pool.end();
  }
}
