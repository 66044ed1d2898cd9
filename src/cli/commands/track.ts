import { Command, Option } from 'commander';
import { trackFileColumn, type TrackFileColumnOptions } from '../../tracking/track-file-column.js';
import { exitCodes } from '../exit-codes.js';
import { countOf } from '../output/format.js';
import { Progress } from '../output/progress.js';
import { oneMore, wholeNumber } from '../parse-option.js';
import { estimateRows } from '../registry/estimate-rows.js';
import { openDatabase } from '../registry/open-database.js';
import type { Action, CliSession } from '../session.js';

type TrackOptions = Omit<TrackFileColumnOptions, 'table' | 'column'> & { readonly guard: boolean };

export function trackCommand(action: Action): Command {
  return new Command('track')
    .summary("keep references equal to a column of the application's")
    .description(
      "Keeps the references of a table's rows equal to a column of theirs, by triggers, and takes in the rows that are there. " +
        'Tracking the same again changes nothing; an interrupted one goes on. Run it with the role that migrates.',
    )
    .argument('<table>', 'its exact name, also as schema.table')
    .argument('<column>', 'a column of the type uuid, uuid[] or jsonb')
    .option('--path <jsonpath>', "where the ids are in a jsonb column: '$.blocks[*].image'")
    .option('--slot <slot>', "the references' slot (default: the column's name, and the path behind it)")
    .option('--owner-type <type>', "the references' type of owner (default: the table's name)")
    .option(
      '--id-column <column>',
      'a column that identifies a row; may be repeated (default: the primary key)',
      oneMore,
    )
    .option(
      '--where <condition>',
      "SQL over a row: which rows hold their files, such as 'deleted_at is null'",
    )
    .option('--no-guard', 'let the application go on attaching and detaching this slot by hand')
    .addOption(
      new Option('--existing <when>', 'when the rows that are there are taken in')
        .choices(['now', 'later', 'again'])
        .default('now'),
    )
    .option('--batch-size <rows>', 'rows taken in at a time, 1 to 10,000 (default: 1,000)', wholeNumber)
    .option(
      '--lock-timeout-ms <ms>',
      'how long to wait for who is writing the table (default: 5,000)',
      wholeNumber,
    )
    .action(action(run));
}

async function run(session: CliSession, table: string, column: string, { guard, ...options }: TrackOptions) {
  const { output, interrupts } = session;
  interrupts.hint = 'The column is tracked; run the same again and the rows that are left are taken in.';
  const { signal } = interrupts;
  await using open = await openDatabase(session);
  const total = output.showsBars ? await estimateRows(open.database, [table.split('.')]) : undefined;
  let result: Awaited<ReturnType<typeof trackFileColumn>>;
  {
    using progress = new Progress(output, { unit: 'rows', total });
    result = await trackFileColumn(open.database, {
      ...options,
      table,
      column,
      guarded: guard,
      registrySchema: open.schema,
      signal,
      onProgress: (rows) => progress.update(rows),
    });
  }
  output.answer(result, [
    `${table}.${column} is tracked; took in ${countOf(result.rows, 'row')}.`,
    ...(result.complete
      ? []
      : ['Rows that were there may not hold their files yet: run it once more without --existing later.']),
  ]);
  return exitCodes.done;
}
