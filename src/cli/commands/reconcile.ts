import { Command, Option } from 'commander';
import { ReconcileInterruptedError } from '../../errors/reconcile-interrupted-error.js';
import { FileReconciler } from '../../reconcile/file-reconciler.js';
import type { ReconcileOptions } from '../../reconcile/reconcile-options.js';
import type { ReconcileReport } from '../../reconcile/reconcile-report.js';
import { confirm, requireSomebody } from '../confirm.js';
import { exitCodes } from '../exit-codes.js';
import { countOf } from '../output/format.js';
import { Progress } from '../output/progress.js';
import { oneMore, share, wholeNumber } from '../parse-option.js';
import { describeReconcileReport } from '../output/describe-reconcile-report.js';
import { estimateRows } from '../registry/estimate-rows.js';
import { openRegistry, type OpenRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

type ReconcileCommandOptions = Omit<ReconcileOptions, 'fix'> & { readonly fix?: boolean };

export function reconcileCommand(action: Action): Command {
  return new Command('reconcile')
    .summary('compare what a storage holds with what the rows say')
    .description(
      'Finds bytes without a row (orphans), files without bytes (dangling) and files whose bytes are others, in one pass and ' +
        'read-only. Ends with exit code 3 where it found any. It runs while the application works.',
    )
    .option('--storage <name>', 'the storage (default: the default storage)')
    .option(
      '--fix',
      'make files of the orphans, which go like files that nobody attached, and remove empty folders; looks first, then asks',
    )
    .addOption(
      new Option('--verify <what>', 'what is compared of a file that has bytes')
        .choices(['none', 'size', 'checksum'])
        .default('size'),
    )
    .option(
      '--exclude <glob>',
      "keys that are left alone: 'tmp/**', '.DS_Store', 'cache/'; may be repeated",
      oneMore,
    )
    .option('--prefix <prefix>', 'only keys that begin so')
    .option('--after <key>', 'only keys behind this one, to go on after an interruption')
    .option('--min-age-ms <ms>', 'younger objects are no orphans (default: 1 day)', wholeNumber)
    .option(
      '--max-orphan-share <share>',
      'with --fix: refuse above this share of orphans, 0 to 1 (default: 0.1)',
      share,
    )
    .option('--max-adoptions <count>', 'with --fix: adopt so many at most (default: 10,000)', wholeNumber)
    .option('--force', 'with --fix: above that share, and where no row speaks of the storage, too')
    .option('--samples <count>', 'findings of each kind that are listed (default: 100)', wholeNumber)
    .option('--page-size <count>', 'rows and objects in one step (default: 350)', wholeNumber)
    .option('--concurrency <count>', 'calls to the storage at a time (default: 8)', wholeNumber)
    .action(action(run));
}

async function run(session: CliSession, { fix = false, ...options }: ReconcileCommandOptions) {
  const { output, yes, interrupts } = session;
  const question = (orphans: string) =>
    `${orphans} become files that nobody holds; they go, bytes included, unless somebody attaches them in time. Go on?`;
  if (fix) {
    requireSomebody(session, question('Orphans'));
  }
  await using registry = await openRegistry(session, { bytes: true, periods: fix });
  let report = await reconcile(session, registry, { ...options, fix: fix && yes && 'adopt' });
  if (fix && !yes && report.orphans.count > 0) {
    output.note(describeReconcileReport(report).join('\n'));
    await confirm(session, question(countOf(report.orphans.count, 'orphan')));
    interrupts.signal.throwIfAborted();
    // Everything is looked at once more: what has a row by now is no orphan.
    report = await reconcile(session, registry, { ...options, fix: 'adopt' });
  }
  output.answer({ ...report, interrupted: false }, describeReconcileReport(report));
  return exitCode(report);
}

async function reconcile(
  { output, interrupts }: CliSession,
  { options: resolved, database }: OpenRegistry,
  options: ReconcileOptions,
): Promise<ReconcileReport> {
  const whole = options.prefix === undefined && options.after === undefined;
  const files = [[resolved.schema, 'files']];
  const total = output.showsBars && whole ? await estimateRows(resolved.database, files) : undefined;
  using progress = new Progress(output, { unit: 'objects', total });
  const { signal } = interrupts;
  try {
    return await new FileReconciler(resolved, database).reconcile({
      ...options,
      signal,
      onProgress: ({ objects }) => progress.update(objects),
    });
  } catch (error) {
    if (!signal.aborted || !(error instanceof ReconcileInterruptedError) || error.report === undefined) {
      throw error;
    }
    progress[Symbol.dispose]();
    output.answer({ ...error.report, interrupted: true }, describeReconcileReport(error.report));
    interrupts.hint = howToGoOn(error.report);
    throw interrupts.error();
  }
}

function howToGoOn({ fix, adopted, lastKey }: ReconcileReport): string {
  if (fix === 'adopt') {
    return `${countOf(adopted, 'orphan')} became files; run the same again from the start.`;
  }
  return lastKey === null ? 'Run the same again.' : `Go on with --after ${JSON.stringify(lastKey)}.`;
}

/** Orphans that are files now, or were none any more when they were looked at again, are nobody's concern. */
function exitCode({ orphans, adopted, recovered, dangling, mismatches, obstacles }: ReconcileReport) {
  const open = orphans.count - adopted - recovered + dangling.count + mismatches.count + obstacles.count;
  return open > 0 ? exitCodes.found : exitCodes.done;
}
