import { Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import { UsageError } from '../errors/usage-error.js';
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
  const config = await loadConfig(session);
  await using registry = await openRegistry(session, { bytes: false }, config);
  const retried = await registry.database.step<number>('retry_stuck', [['text', storage ?? null]]);
  // The rows may know a storage that the configuration does not; a mistyped name is known to neither.
  const names = config.storageNames();
  if (storage !== undefined && retried === 0 && names.length > 0 && !names.includes(storage)) {
    throw new UsageError(
      `--storage: no storage is called '${storage}' and nothing of it is stuck; there are ${names.join(', ')}.`,
    );
  }
  const where = storage === undefined ? '' : ` of the storage ${storage}`;
  session.output.answer({ retried }, [
    retried === 0
      ? `No deletion${where} is stuck.`
      : `${countOf(retried, 'deletion')}${where} will be tried again.`,
  ]);
  return exitCodes.done;
}
