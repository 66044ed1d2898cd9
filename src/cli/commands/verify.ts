import { Command, InvalidArgumentError } from 'commander';
import type { LawReport, OwnerTables } from '../../outbox/law-report.js';
import { exitCodes } from '../exit-codes.js';
import { countOf, formatCount } from '../output/format.js';
import { Progress } from '../output/progress.js';
import { wholeNumber } from '../parse-option.js';
import { estimateRows } from '../registry/estimate-rows.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

interface VerifyCommandOptions {
  readonly ownerTable?: OwnerTables;
  readonly batchSize?: number;
}

export function verifyCommand(action: Action): Command {
  return new Command('verify')
    .summary('check the laws over the rows')
    .description(
      'Checks the laws over the rows, in batches and read-only: after whatever goes round the triggers, such as a restore of data ' +
        'alone. Ends with exit code 3 where one is broken. Bytes are looked at by reconcile --verify.',
    )
    .option(
      '--owner-table <type=table:column>',
      'look for references whose record is gone as well: article=blog.article:id; several columns with commas; may be repeated',
      ownerTable,
    )
    .option('--batch-size <rows>', 'rows in one statement, 1 to 10,000 (default: 1,000)', wholeNumber)
    .action(action(run));
}

async function run(session: CliSession, { ownerTable: ownerTables, batchSize }: VerifyCommandOptions) {
  const { output, interrupts } = session;
  interrupts.hint = 'It only reads; run it again from the beginning.';
  const { signal } = interrupts;
  await using registry = await openRegistry(session, { bytes: false });
  let report: LawReport;
  {
    const { database, schema } = registry.options;
    const tables = ['files', 'file_references', 'deletions'].map((table) => [schema, table]);
    const total = output.showsBars ? await estimateRows(database, tables) : undefined;
    using progress = new Progress(output, { unit: 'rows checked', total });
    report = await registry.processor.verify({
      ownerTables,
      batchSize,
      signal,
      onProgress: ({ files, references, deletions, owners, tracked }) =>
        progress.update(files + references + deletions + owners + tracked, files + references + deletions),
    });
  }
  output.answer(report, describe(report));
  return report.checked.violations > 0 ? exitCodes.found : exitCodes.done;
}

function describe({ checked, violations }: LawReport): string[] {
  const rest = checked.violations - violations.length;
  return [
    ...violations.map(({ law, problem }) => `${law === null ? '' : `law ${law}: `}${problem}`),
    ...(rest > 0 ? [`and ${formatCount(rest)} more`] : []),
    `Checked ${countOf(checked.files, 'file')}, ${countOf(checked.references, 'reference')}, ${countOf(checked.deletions, 'deletion')}, ${countOf(checked.owners, 'owner')} and ${countOf(checked.tracked, 'tracked row')}: ${checked.violations === 0 ? 'all is lawful' : countOf(checked.violations, 'violation')}.`,
  ];
}

function ownerTable(text: string, previous: OwnerTables = {}): OwnerTables {
  const [, type, table, columns] = /^([^=]+)=(.+):([^:]+)$/.exec(text) ?? [];
  if (type === undefined || table === undefined || columns === undefined) {
    throw new InvalidArgumentError('Expected type=table:column, such as article=blog.article:id.');
  }
  const names = columns.split(',');
  return { ...previous, [type]: { table, idColumn: names.length === 1 ? columns : names } };
}
