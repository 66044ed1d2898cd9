import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { Kysely } from 'kysely';
import { FileRegistryModule, type FileRegistryOptions, type FileStorage } from 'nestjs-file-registry';
import { Articles } from './articles.js';
import { DATABASE, type Database, DatabaseModule } from './database.module.js';

export interface AppSettings extends Pick<
  FileRegistryOptions,
  'gracePeriodMs' | 'unattachedTtlMs' | 'maxSizeBytes' | 'processor'
> {
  databaseUrl: string;
  media: FileStorage;
}

@Module({})
export class AppModule {
  static forRoot({ databaseUrl, media, ...options }: AppSettings): DynamicModule {
    // Nest knows a dynamic module by its object: both imports below must be this one, or there would be two pools.
    const databaseModule = DatabaseModule.forRoot(databaseUrl);
    return {
      module: AppModule,
      imports: [
        ScheduleModule.forRoot(),
        databaseModule,
        FileRegistryModule.forRootAsync({
          imports: [databaseModule],
          inject: [DATABASE],
          useFactory: (database: Kysely<Database>) => ({ database, storages: { media }, ...options }),
        }),
      ],
      providers: [Articles],
    };
  }
}
