import { inspect } from 'node:util';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { RESOLVED_OPTIONS } from '../../options/options-token.js';
import type { ResolvedOptions } from '../../options/resolve-options.js';
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

/**
 * Boots the application's module without its HTTP server: every provider is there, schedules run.
 *
 * @throws UsageError where the module is none or does not import the registry; whatever the application throws at its start.
 */
export async function openApplication(
  { output }: CliSession,
  { file, module }: Pick<LoadedConfig, 'file' | 'module'>,
): Promise<OpenApplication> {
  // Half of the time that any command takes to start, for this one alone.
  const { NestFactory } = await import('@nestjs/core');
  const application = await NestFactory.createApplicationContext((await moduleOf(file, module)) as Type, {
    logger: new CliLogger(output),
    abortOnError: false,
  });
  try {
    const processor = application.get(OutboxProcessor, { strict: false });
    return { application, processor, options: application.get(RESOLVED_OPTIONS, { strict: false }) };
  } catch (cause) {
    await application.close();
    throw new UsageError(
      `${file}: the module does not import FileRegistryModule, or takes it from another copy of nestjs-file-registry than this program's. Run the one that is installed with the application: npx file-registry work.`,
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
