import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import type { Kysely } from 'kysely';
import {
  FileRegistryModule,
  type FileRegistryOptions,
  type FileStorage,
  formatRenditionSpec,
  type RenditionOptions,
} from 'nestjs-file-registry';
import { FileRegistryExceptionFilter } from 'nestjs-file-registry/http';
import { DATABASE, type Database, DatabaseModule } from '../app/database.module.js';
import { Articles } from './articles.js';
import { CoversController } from './covers.controller.js';
import { RENDITION_SPECS, RenditionsController } from './renditions.controller.js';

export interface HttpSettings {
  databaseUrl: string;
  media: FileStorage;
  /** What the parser of forms lets through; `maxSizeBytes` is the registry's own limit. */
  uploadMaxBytes: number;
  /** How renditions are made. Those of its sets can be asked for. */
  renditions: RenditionOptions;
  registry?: Pick<FileRegistryOptions, 'maxSizeBytes' | 'processor'>;
}

/** Everything but the platform. */
@Module({})
export class CoreModule {
  static forRoot({ databaseUrl, media, renditions, registry }: HttpSettings): DynamicModule {
    const { sets = {} } = renditions;
    const specs = new Set(Object.values(sets).flat().map(formatRenditionSpec));
    const databaseModule = DatabaseModule.forRoot(databaseUrl);
    return {
      module: CoreModule,
      imports: [
        ScheduleModule.forRoot(),
        databaseModule,
        FileRegistryModule.forRootAsync({
          isGlobal: true,
          imports: [databaseModule],
          inject: [DATABASE],
          useFactory: (database: Kysely<Database>) => ({
            database,
            storages: { media },
            allowedContentTypes: ['image/*'],
            renditions,
            ...registry,
          }),
        }),
      ],
      controllers: [CoversController, RenditionsController],
      providers: [
        Articles,
        { provide: RENDITION_SPECS, useValue: specs },
        { provide: APP_FILTER, useClass: FileRegistryExceptionFilter },
      ],
      exports: [Articles],
    };
  }
}
