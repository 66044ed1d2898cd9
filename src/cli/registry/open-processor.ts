import type { ResolvedOptions } from '../../options/resolve-options.js';
import type { OutboxProcessor } from '../../outbox/outbox-processor.js';
import { loadConfig } from '../config/load-config.js';
import type { CliSession } from '../session.js';
import { openApplication } from './open-application.js';
import { openRegistry } from './open-registry.js';
import { requireModuleOptions } from './require-module-options.js';

export interface OpenProcessor extends AsyncDisposable {
  readonly processor: OutboxProcessor;
  readonly options: ResolvedOptions;
}

/**
 * The processor of the application's module, with its hooks and without its schedule; where the configuration names no module, or
 * `module` is false, one of the program's own.
 *
 * @throws what `openApplication` and `openRegistry` throw.
 */
export async function openProcessor(
  session: CliSession,
  { module }: { readonly module: boolean },
): Promise<OpenProcessor> {
  const config = await loadConfig(session);
  if (!module || config.module === undefined) {
    // A document is for programs, which know what they ask for.
    if (module && !session.output.json) {
      session.output.note(
        "No hooks are called: no configuration names the application's module. Name it there, or say --no-module.",
      );
    }
    return openRegistry(session, { bytes: true, periods: true }, config);
  }
  try {
    requireModuleOptions(session, 'drain');
    const { application, processor, options } = await openApplication(session, config, {
      command: 'drain',
      schedule: false,
    });
    return {
      processor,
      options,
      async [Symbol.asyncDispose]() {
        await application.close();
        await config[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await config[Symbol.asyncDispose]();
    throw error;
  }
}
