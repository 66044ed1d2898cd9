import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { afterAll, onTestFinished } from 'vitest';
import type { WatchedRegistry, WatchedRegistryOptions } from '../../outbox/support/watched-registry.js';
import { WatchedStorage } from '../../outbox/support/watched-storage.js';

const hour = 60 * 60 * 1000;

/** An application with hooks, over the database and the folder of a registry that has none. */
export interface HookedApp {
  readonly app: INestApplicationContext;
  readonly processor: OutboxProcessor;
  readonly storage: WatchedStorage;
}

type Application = Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers'>;

/** Starts one without periods; whoever calls it closes `app`. */
export async function startHookedApp(
  registry: WatchedRegistry,
  { imports = [], ...application }: Application,
  { isGlobal, ...options }: WatchedRegistryOptions & { isGlobal?: boolean } = {},
): Promise<HookedApp> {
  const storage = new WatchedStorage(localStorage({ root: registry.media.path }));
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: registry.database.pool(),
        storages: { media: storage },
        gracePeriodMs: 0,
        unattachedTtlMs: 0,
        isGlobal: isGlobal ?? false,
        ...options,
        processor: { enabled: false, backoffBaseMs: hour, backoffMaxMs: 24 * hour, ...options.processor },
      }),
      ...imports,
    ],
    ...application,
  }).compile();
  const app = await module.init();
  return { app, processor: app.get(OutboxProcessor), storage };
}

/** The same for one test. */
export async function hookedApp(...args: Parameters<typeof startHookedApp>): Promise<HookedApp> {
  const started = await startHookedApp(...args);
  onTestFinished(() => started.app.close());
  return started;
}

/** The same for a test file, at its top level. */
export async function hookedAppOfFile(...args: Parameters<typeof startHookedApp>): Promise<HookedApp> {
  const started = await startHookedApp(...args);
  afterAll(() => started.app.close());
  return started;
}
