import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { FileRegistryModule, type FileRegistryOptions, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { Articles } from './articles.js';
import { Authors } from './authors.js';
import { DatabaseModule } from './database.module.js';

export interface AppSettings extends Pick<
  FileRegistryOptions,
  'gracePeriodMs' | 'unattachedTtlMs' | 'processor'
> {
  databaseUrl: string;
  mediaRoot: string;
}

@Module({})
export class AppModule {
  static forRoot({ databaseUrl, mediaRoot, ...options }: AppSettings): DynamicModule {
    const databaseModule = DatabaseModule.forRoot(databaseUrl);
    return {
      module: AppModule,
      imports: [
        databaseModule,
        ScheduleModule.forRoot(),
        FileRegistryModule.forRootAsync({
          imports: [databaseModule],
          inject: [Pool],
          useFactory: (database: Pool) => ({
            database,
            storages: { media: localStorage({ root: mediaRoot }) },
            ...options,
          }),
        }),
      ],
      providers: [Articles, Authors],
    };
  }
}
