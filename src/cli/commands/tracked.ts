import { Command } from 'commander';
import { trackedColumns } from '../../tracking/tracked-columns.js';
import { exitCodes } from '../exit-codes.js';
import { formatTable } from '../output/format.js';
import { columnName } from '../registry/column-name.js';
import { openDatabase } from '../registry/open-database.js';
import type { Action, CliSession } from '../session.js';

export function trackedCommand(action: Action): Command {
  return new Command('tracked')
    .summary('list tracked columns and what is wrong with them')
    .description(
      'Lists the tracked columns with their state: tracking, takingIn, gone, renamed, disabled or releasing.',
    )
    .action(action(run));
}

async function run(session: CliSession) {
  await using open = await openDatabase(session);
  const tracked = await trackedColumns(open.database, { registrySchema: open.schema });
  const rows = tracked.map((column) => [
    columnName(column),
    `${column.ownerType}/…/${column.slot}`,
    column.state,
  ]);
  session.output.answer(
    { tracked },
    tracked.length === 0
      ? ['No column is tracked.']
      : formatTable([['column', 'owner and slot', 'state'], ...rows]),
  );
  return exitCodes.done;
}
