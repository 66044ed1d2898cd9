import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import type { OutboxProcessor } from '../../outbox/outbox-processor.js';
import { loadConfig } from '../config/load-config.js';
import { UsageError } from '../errors/usage-error.js';
import { exitCodes } from '../exit-codes.js';
import { openApplication } from '../registry/open-application.js';
import { openRegistry } from '../registry/open-registry.js';
import { requireModuleOptions } from '../registry/require-module-options.js';
import type { Action, CliSession } from '../session.js';

/** Between two looks at nothing, where the application's own schedule works; also keeps the process alive. */
const longPauseMs = 60 * 60 * 1000;

export function workCommand(action: Action): Command {
  return new Command('work')
    .summary("run a worker: the application's module without its HTTP server")
    .description(
      "Boots the application's module, the `module` of the configuration file, and works until SIGTERM or SIGINT, which lets it " +
        'finish what is in flight; a second signal ends it at once. Options are those of the module; where it has ' +
        'processor.enabled false, as for instances that serve requests, this one works all the same.',
    )
    .option(
      '--no-module',
      'work by the options of the configuration alone: load no application, and call none of its hooks',
    )
    .action(action(run));
}

async function run(session: CliSession, { module }: { module: boolean }) {
  session.interrupts.hint = 'Leases that were held run out, and others take over.';
  return module ? workForApplication(session) : workAlone(session);
}

async function workForApplication(session: CliSession) {
  const { interrupts } = session;
  requireModuleOptions(session, 'work');
  await using config = await loadConfig(session);
  if (config.module === undefined) {
    throw new UsageError(
      `${config.file === undefined ? 'There is no configuration file that names' : `${config.file} does not name`} the application's module. Add module: async () => (await import('./dist/app.module.js')).AppModule to it, or say --no-module to work without.`,
    );
  }
  const stopping = interrupts.signal;
  const { application, processor, options } = await openApplication(session, config, {
    command: 'work',
    schedule: true,
  });
  try {
    await untilStopped(
      session,
      options.processor.enabled ? undefined : processor,
      options.processor.intervalMs,
    );
  } finally {
    await application.close();
  }
  return stopped(session, stopping);
}

async function workAlone(session: CliSession) {
  const stopping = session.interrupts.signal;
  await using registry = await openRegistry(session, { bytes: true, periods: true });
  const { processor, options } = registry;
  stopping.addEventListener('abort', () => void processor.stop());
  await untilStopped(session, processor, options.processor.intervalMs);
  await processor.stop();
  return stopped(session, stopping);
}

/** Drives the processor where no schedule of the application does. A pass never rejects. */
async function untilStopped(
  { interrupts, output }: CliSession,
  processor: OutboxProcessor | undefined,
  intervalMs: number,
): Promise<void> {
  const { signal } = interrupts;
  output.note('Working. SIGTERM or Ctrl-C stops it.');
  while (!signal.aborted) {
    await processor?.tick();
    await pause(processor === undefined ? longPauseMs : intervalMs, undefined, { signal }).catch(
      () => undefined,
    );
  }
}

function stopped({ output }: CliSession, { aborted }: AbortSignal) {
  output.answer({ stopped: aborted }, ['Stopped. What was in flight is finished.']);
  return exitCodes.done;
}
