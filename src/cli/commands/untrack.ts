import { Command } from 'commander';
import { untrackFileColumn } from '../../tracking/untrack-file-column.js';
import { confirm } from '../confirm.js';
import { exitCodes } from '../exit-codes.js';
import { countOf } from '../output/format.js';
import { openDatabase } from '../registry/open-database.js';
import type { Action, CliSession } from '../session.js';

interface UntrackOptions {
  readonly path?: string;
  readonly release?: boolean;
}

export function untrackCommand(action: Action): Command {
  return new Command('untrack')
    .summary('end the tracking of a column')
    .description(
      'Ends the tracking of a column, also of a table that was renamed or dropped: name it as it was called when tracking began. ' +
        'The references stay, unless they are released.',
    )
    .argument('<table>', 'its name, also as schema.table')
    .argument('<column>', 'the column')
    .option('--path <jsonpath>', 'the path, where it is tracked with one')
    .option(
      '--release',
      'drop its references, so that files that nothing else holds go after their grace period; asks first',
    )
    .action(action(run));
}

async function run(
  session: CliSession,
  table: string,
  column: string,
  { path, release = false }: UntrackOptions,
) {
  session.interrupts.hint = 'Run the same again; it goes on with the references that are left.';
  await using open = await openDatabase(session);
  if (release) {
    await confirm(
      session,
      `The references of ${table}.${column} are dropped, and the files that nothing else holds go after their grace period. Go on?`,
    );
  }
  const { released } = await untrackFileColumn(open.database, {
    table,
    column,
    ...(path !== undefined && { path }),
    references: release ? 'release' : 'keep',
    registrySchema: open.schema,
  });
  session.output.answer({ released }, [
    `${table}.${column} is no longer tracked; ${release ? `dropped ${countOf(released, 'reference')}` : 'its references stay'}.`,
  ]);
  return exitCodes.done;
}
