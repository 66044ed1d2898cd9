import { Command } from 'commander';
import { confirm } from '../confirm.js';
import { exitCodes } from '../exit-codes.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

export function resumeCommand(action: Action): Command {
  return new Command('resume')
    .summary('let paused processors go on')
    .description('Lets the processors go on after pause. Resuming what is not paused changes nothing.')
    .option(
      '--take-ownership',
      "say as well that the bytes are this database's own, after it was moved, restored or upgraded; asks first",
    )
    .action(action(run));
}

async function run(session: CliSession, { takeOwnership = false }: { takeOwnership?: boolean }) {
  await using registry = await openRegistry(session, { bytes: false });
  const { processor } = registry;
  if (takeOwnership && !(await processor.stats()).own) {
    await confirm(
      session,
      'The rows came from another database, server or environment. Is this no copy beside the original, and may its processors delete these bytes?',
    );
    await processor.takeOwnership();
  }
  const resumed = await processor.resume();
  session.output.answer({ resumed, own: (await processor.stats()).own }, [
    resumed ? 'The processors go on.' : 'The processors were not paused.',
  ]);
  return exitCodes.done;
}
