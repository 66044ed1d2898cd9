import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { PrismaClient } from './generated/prisma/client.js';

/** Prisma's client, and a small pool for the registry's own statements. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  static forRoot(connectionString: string): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: PrismaClient,
          useFactory: () => new PrismaClient({ adapter: new PrismaPg({ connectionString }) }),
        },
        { provide: Pool, useFactory: () => new Pool({ connectionString, max: 4 }) },
      ],
      exports: [PrismaClient, Pool],
    };
  }

  constructor(
    @Inject(PrismaClient) private readonly prisma: PrismaClient,
    @Inject(Pool) private readonly pool: Pool,
  ) {}

  /** Not earlier: until then the registry may be finishing its last batch. */
  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
    await this.pool.end();
  }
}
