import { inspect } from 'node:util';
import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { RESOLVED_OPTIONS } from '../../options/options-token.js';
import type { ResolvedOptions } from '../../options/resolve-options.js';
import { NO_SCHEDULE } from '../../outbox/no-schedule.js';
import { OutboxProcessor } from '../../outbox/outbox-processor.js';
import type { LoadedConfig } from '../config/load-config.js';
import { UsageError } from '../errors/usage-error.js';
import { CliLogger } from '../output/cli-logger.js';
import type { CliSession } from '../session.js';

export interface OpenApplication {
  readonly application: INestApplicationContext;
  readonly processor: OutboxProcessor;
  readonly options: ResolvedOptions;
}

export interface OpenApplicationOptions {
  /** The command, for messages. */
  readonly command: 'work' | 'drain';
  /** Whether the registry's own schedule begins; those of the application do. */
  readonly schedule: boolean;
}

/** The root of an application whose processor the program drives. */
@Module({})
class WithoutSchedule {}

/**
 * Boots the application's module without its HTTP server: every provider is there, schedules run.
 *
 * @throws UsageError where the module is none or does not import the registry; whatever the application throws at its start.
 */
export async function openApplication(
  { output }: CliSession,
  { file, module }: Pick<LoadedConfig, 'file' | 'module'>,
  { command, schedule }: OpenApplicationOptions,
): Promise<OpenApplication> {
  // Half of the time that any command takes to start, for this one alone.
  const { NestFactory } = await import('@nestjs/core');
  const found = (await moduleOf(file, module)) as Type;
  const root = schedule
    ? found
    : {
        module: WithoutSchedule,
        imports: [found],
        providers: [{ provide: NO_SCHEDULE, useValue: true }],
      };
  const application = await NestFactory.createApplicationContext(root, {
    logger: new CliLogger(output),
    abortOnError: false,
  });
  try {
    const processor = application.get(OutboxProcessor, { strict: false });
    return { application, processor, options: application.get(RESOLVED_OPTIONS, { strict: false }) };
  } catch (cause) {
    await application.close();
    throw new UsageError(
      `${file}: the module does not import FileRegistryModule, or takes it from another copy of nestjs-file-registry than this program's. Run the one that is installed with the application: npx file-registry ${command}.`,
      { cause },
    );
  }
}

/** A class has a prototype; a function that imports it is written as an arrow or an async function, which has none. */
async function moduleOf(file: string | undefined, module: LoadedConfig['module']): Promise<unknown> {
  const lazy =
    typeof module === 'function' && !('prototype' in module) ? (module as () => unknown) : undefined;
  const found: unknown = await (lazy === undefined ? module : importModule(file, lazy));
  if (typeof found === 'function' || (typeof found === 'object' && found !== null && 'module' in found)) {
    return found;
  }
  throw new UsageError(
    `${file}: module: expected the application's module class, or a function that imports it: module: async () => (await import('./dist/app.module.js')).AppModule. Received ${inspect(found, { depth: 0 })}.`,
  );
}

async function importModule(file: string | undefined, load: () => unknown): Promise<unknown> {
  try {
    return await load();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${file}: the module could not be loaded: ${message}.`, { cause });
  }
}
