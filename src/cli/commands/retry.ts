import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { countOf } from '../output/format.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

export function retryCommand(action: Action): Command {
  return new Command('retry')
    .summary('try stuck deletions again')
    .description(
      'Makes stuck deletions due at once; a processor or the next drain tries them. Mend first what status and explain say of them.',
    )
    .option('--storage <name>', 'only those of one storage')
    .action(action(run));
}

async function run(session: CliSession, { storage }: { storage?: string }) {
  await using registry = await openRegistry(session, { bytes: false });
  // The rows know the storage; that this process knows it too is not needed, and a mistyped name retries nothing.
  const retried = await registry.database.step<number>('retry_stuck', [['text', storage ?? null]]);
  const where = storage === undefined ? '' : ` of the storage ${storage}`;
  session.output.answer({ retried }, [
    retried === 0
      ? `No deletion${where} is stuck.`
      : `${countOf(retried, 'deletion')}${where} will be tried again.`,
  ]);
  return exitCodes.done;
}
