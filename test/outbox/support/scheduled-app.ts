import type { INestApplicationContext, Type } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import {
  FileRegistry,
  FileRegistryModule,
  type FileRegistryOptions,
  localStorage,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { WatchedStorage } from './watched-storage.js';
import type { WatchedRegistry } from './watched-registry.js';

/** An application that runs the registry on a schedule. */
export interface ScheduledApp {
  readonly app: INestApplicationContext;
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;
  readonly scheduler: SchedulerRegistry;
  readonly storage: WatchedStorage;
}

export interface ScheduledAppOptions extends Partial<FileRegistryOptions> {
  readonly providers?: Type[];
}

/**
 * Starts one on the database and the folder of `registry`, without periods. Its interval is a day unless it is told another:
 * tests call `tick` themselves. Whoever calls it closes `app`.
 */
export async function startScheduledApp(
  registry: WatchedRegistry,
  { providers = [], ...options }: ScheduledAppOptions = {},
): Promise<ScheduledApp> {
  const storage = new WatchedStorage(localStorage({ root: registry.media.path }));
  const module = await Test.createTestingModule({
    imports: [
      ScheduleModule.forRoot(),
      FileRegistryModule.forRoot({
        database: registry.database.pool(),
        storages: { media: storage },
        gracePeriodMs: 0,
        unattachedTtlMs: 0,
        ...options,
        processor: { intervalMs: 24 * 60 * 60 * 1000, ...options.processor },
      }),
    ],
    providers,
  }).compile();
  const app = await module.init();
  return {
    app,
    files: app.get(FileRegistry),
    processor: app.get(OutboxProcessor),
    scheduler: app.get(SchedulerRegistry),
    storage,
  };
}
