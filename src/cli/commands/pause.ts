import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

export function pauseCommand(action: Action): Command {
  return new Command('pause')
    .summary('hold every processor of every process back')
    .description(
      'Holds every processor of every process back until resume: what is in flight ends, nothing more is condemned or deleted. ' +
        'The application goes on. Pausing again changes nothing.',
    )
    .action(action(run));
}

async function run(session: CliSession) {
  await using registry = await openRegistry(session, { bytes: false });
  const { pausedAt } = await registry.processor.pause();
  session.output.answer({ pausedAt }, [
    `Paused since ${pausedAt.toISOString()}. file-registry resume lets the processors go on.`,
  ]);
  return exitCodes.done;
}
