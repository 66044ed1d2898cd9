import { Command } from 'commander';
import type { DrainResult } from '../../outbox/drain-result.js';
import { exitCodes } from '../exit-codes.js';
import { countOf, formatCount } from '../output/format.js';
import { Progress } from '../output/progress.js';
import { openProcessor } from '../registry/open-processor.js';
import { watchDeletions } from '../registry/watch-deletions.js';
import type { Action, CliSession } from '../session.js';

export function drainCommand(action: Action): Command {
  return new Command('drain')
    .summary('delete what is due, until nothing is')
    .description(
      'Condemns files that nobody has referred to for their period, and deletes their bytes, until nothing is due. What the ' +
        "application's processors do all the time, once: for cron jobs. It asks nothing, because it decides nothing. Where the " +
        'configuration names the module of the application, that one is booted without its HTTP server, so that its hooks are called; ' +
        'options are those of the module then.',
    )
    .option(
      '--no-module',
      'work by the options of the configuration alone: load no application, and call none of its hooks',
    )
    .action(action(run));
}

async function run(session: CliSession, { module }: { module: boolean }) {
  const { output, interrupts } = session;
  interrupts.hint = 'What was deleted has its receipt; the next drain goes on from there.';
  let deleted = 0;
  let progress: Progress | undefined;
  await using registry = await openProcessor(session, { module });
  const { processor, options } = registry;
  watchDeletions(options.storages, (objects) => progress?.update((deleted += objects)));
  interrupts.signal.addEventListener('abort', () => void processor.stop());

  // Counting whole tables pays for a bar, not for a line in a log.
  const stats = output.showsBars ? await processor.stats() : undefined;
  progress = new Progress(output, { unit: 'objects deleted', total: stats && stats.due + stats.condemned });
  using _ = progress;
  interrupts.signal.throwIfAborted();
  const result = await processor.drain();
  progress[Symbol.dispose]();

  const { interrupted } = interrupts;
  output.answer({ ...result, interrupted }, describe(result));
  interrupts.signal.throwIfAborted();
  return exitCode(result);
}

function exitCode({ obstacle, failed, unsettled }: DrainResult) {
  if (obstacle !== null) {
    return exitCodes.refused;
  }
  return failed > 0 || unsettled > 0 ? exitCodes.failed : exitCodes.done;
}

function describe(result: DrainResult): string[] {
  if (result.obstacle === 'paused') {
    return ['Nothing was done: the processors are paused. file-registry resume lets them go on.'];
  }
  if (result.obstacle === 'foreign') {
    return [
      "Nothing was done: the rows came from another database, server or environment. Where the bytes are this one's own, run file-registry resume --take-ownership.",
    ];
  }
  return [
    `Condemned ${countOf(result.condemned, 'file')}, deleted ${countOf(result.deleted, 'object')}, forgot ${countOf(result.prunedReceipts, 'receipt')}.`,
    ...line(
      result.failed,
      `deletions failed, ${formatCount(result.stuck)} of them for good until file-registry retry; the rest are tried again later.`,
    ),
    ...line(result.unsettled, 'intents could not be settled; a later drain tries again.'),
    ...line(result.lostLeases, 'leases went to another process, which finishes these deletions.'),
    ...line(result.released, 'deletions were given back unstarted.'),
  ];
}

function line(count: number, text: string): string[] {
  return count === 0 ? [] : [`${formatCount(count)} ${text}`];
}
