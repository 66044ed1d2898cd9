import { Command } from 'commander';
import { trackedColumns } from '../../tracking/tracked-columns.js';
import type { TrackedColumn } from '../../tracking/tracked-columns.js';
import { exitCodes } from '../exit-codes.js';
import { formatCount, formatDuration, formatTable } from '../output/format.js';
import { openRegistry } from '../registry/open-registry.js';
import { columnName } from '../registry/column-name.js';
import type { Action, CliSession } from '../session.js';
import type { OutboxStats } from '../../outbox/outbox-stats.js';

export function statusCommand(action: Action): Command {
  return new Command('status')
    .summary('what is pending, due and stuck, and what stands in the way')
    .description(
      'Says what is pending, due and stuck, what holds the processors back, and the state of tracked columns. Counts whole tables: ' +
        'for people and for monitoring every few minutes.',
    )
    .option(
      '--check',
      'end with exit code 3 where somebody should look: stuck deletions, paused, foreign, a column untracked by accident',
    )
    .action(action(run));
}

async function run(session: CliSession, { check = false }: { check?: boolean }) {
  await using registry = await openRegistry(session, { bytes: false, periods: true });
  const stats = await registry.processor.stats();
  const tracked = await trackedColumns(registry.options.database, {
    registrySchema: registry.options.schema,
  });
  const warnings = [...stats.warnings.map(inCommands), ...tracked.flatMap(columnProblem)];
  session.output.answer({ ...stats, warnings, tracked }, describe(stats, tracked, warnings));
  return check && warnings.length > 0 ? exitCodes.found : exitCodes.done;
}

function describe(
  stats: OutboxStats,
  tracked: readonly TrackedColumn[],
  warnings: readonly string[],
): string[] {
  const oldest =
    stats.oldestDueAgeMs === null ? '' : `, the oldest for ${formatDuration(stats.oldestDueAgeMs)}`;
  const counts = formatTable([
    ['intents waiting', `${formatCount(stats.pending)}, of which due ${formatCount(stats.due)}${oldest}`],
    ['uploads under way', formatCount(stats.reserved)],
    ['bytes to delete', `${formatCount(stats.condemned)}, of which stuck ${formatCount(stats.stuck)}`],
    ['receipts', formatCount(stats.receipts)],
    ['tracked columns', formatCount(tracked.length)],
  ]);
  return [
    ...counts,
    ...tracked.map((column) => `  ${columnName(column)}: ${column.state}`),
    ...warnings.map((warning) => `! ${warning}`),
  ];
}

/** The registry's own sentences speak of calls; here they are commands. */
function inCommands(warning: string): string {
  return warning
    .replace('call retryStuck()', 'run file-registry retry')
    .replace('takeOwnership()', 'file-registry resume --take-ownership')
    .replace('resume()', 'file-registry resume');
}

function columnProblem(column: TrackedColumn): string[] {
  const name = columnName(column);
  switch (column.state) {
    case 'gone':
      return [
        `The table of ${name} is gone and its files are still held: file-registry untrack --release lets them go.`,
      ];
    case 'renamed':
      return [
        `${name} is called otherwise now: file-registry untrack it by this name, then track it by the new one.`,
      ];
    case 'disabled':
      return [`${name} lacks triggers: file-registry track it --existing again, once they are back.`];
    case 'unlogged':
      return [
        `${name} is in an unlogged table, which a crash empties: set it logged, then file-registry track it --existing again.`,
      ];
    default:
      return [];
  }
}
