import { Command } from 'commander';
import type { CsvMapping } from '../../import/csv-rows.js';
import { csvRows } from '../../import/csv-rows.js';
import { FileImporter } from '../../import/file-importer.js';
import type { ImportReport } from '../../import/import-report.js';
import { queryRows } from '../../import/query-rows.js';
import { UsageError } from '../errors/usage-error.js';
import { exitCodes } from '../exit-codes.js';
import { openInput } from '../import/open-input.js';
import { describeImportReport } from '../output/describe-import-report.js';
import { Progress } from '../output/progress.js';
import { columnOrValue, delimiter, oneMoreColumn, wholeNumber } from '../parse-option.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

interface ImportCommandOptions extends Pick<CsvMapping, 'filename' | 'contentType' | 'delimiter'> {
  readonly query?: string;
  readonly key?: CsvMapping['key'];
  readonly ownerType?: CsvMapping['ownerType'];
  readonly ownerId?: readonly CsvMapping['key'][];
  readonly slot?: CsvMapping['slot'];
  readonly stripPrefix?: string;
  readonly storage?: string;
  readonly dryRun?: boolean;
  readonly skipRows?: number;
  readonly batchSize?: number;
  readonly concurrency?: number;
  readonly samples?: number;
}

export function importCommand(action: Action): Command {
  return new Command('import')
    .summary('take over the files of tables that hold paths')
    .description(
      'Makes a file of each object that a row names and gives its owner a reference, without moving or reading the object. The ' +
        'rows come from a CSV, whose first line names the columns, or from a query. Importing again changes nothing. Ends with ' +
        'exit code 3 where objects were missing or rows were refused.',
    )
    .argument('[csv]', 'a file; - or none reads stdin')
    .option(
      '--query <sql>',
      'instead: a query that answers key, owner_type, owner_id and slot, maybe filename and content_type',
    )
    .option('--key <column>', 'the column with the path (default: key)', columnOrValue)
    .option(
      '--owner-type <column>',
      'with the type of owner; =article for all rows (default: owner_type)',
      columnOrValue,
    )
    .option(
      '--owner-id <column>',
      'with its id; repeated for a composite key (default: owner_id)',
      oneMoreColumn,
    )
    .option('--slot <column>', 'with the slot; =cover for all rows (default: slot)', columnOrValue)
    .option('--filename <column>', "with the file's name (default: the last part of the path)", columnOrValue)
    .option(
      '--content-type <column>',
      'with the content type (default: what the storage or the name says)',
      columnOrValue,
    )
    .option(
      '--delimiter <character>',
      "between the CSV's fields; tab for a tab (default: a comma)",
      delimiter,
    )
    .option('--strip-prefix <prefix>', 'taken off every path to get the key; rows without it are refused')
    .option('--storage <name>', 'where the objects lie (default: the default storage)')
    .option('--dry-run', 'change nothing and say what would be')
    .option('--skip-rows <count>', 'pass over so many rows, to go on after an interruption', wholeNumber)
    .option('--batch-size <rows>', 'rows in one transaction, 1 to 10,000 (default: 1,000)', wholeNumber)
    .option(
      '--concurrency <count>',
      'objects that are looked at at a time, 1 to 256 (default: 32)',
      wholeNumber,
    )
    .option('--samples <count>', 'rows of each kind that are listed (default: 10)', wholeNumber)
    .action(action(run));
}

async function run(session: CliSession, csv: string | undefined, options: ImportCommandOptions) {
  const { output, interrupts } = session;
  const { query, stripPrefix, storage, dryRun, skipRows = 0, batchSize, concurrency, samples } = options;
  const mapped = ['key', 'ownerType', 'ownerId', 'slot', 'filename', 'contentType', 'delimiter'] as const;
  if (query !== undefined && (csv !== undefined || mapped.some((name) => options[name] !== undefined))) {
    throw new UsageError(
      '--query answers the columns itself: leave the file and the options of its columns out.',
    );
  }
  const input = query === undefined ? await openInput(session, csv) : undefined;
  const { signal } = interrupts;
  await using registry = await openRegistry(session, { bytes: true });
  const { options: resolved, database } = registry;
  const rows =
    input === undefined
      ? queryRows(resolved.database, query ?? '')
      : csvRows(input.stream, mappingOf(options));

  let report: ImportReport;
  {
    using progress = new Progress(output, { unit: 'rows', total: input?.sizeBytes });
    report = await new FileImporter(resolved, database).import(rows, {
      storage,
      dryRun,
      skipRows,
      batchSize,
      concurrency,
      samples,
      signal,
      mapKey: stripPrefix === undefined ? undefined : (path) => without(stripPrefix, path),
      onProgress: ({ rows: count }) => progress.update(count, input?.bytesRead()),
    });
  }
  output.answer({ ...report, dryRun: dryRun === true }, describeImportReport(report, dryRun === true));
  if (report.aborted) {
    interrupts.hint = `What was imported stays. Run the same again${query === undefined ? '' : ', or where the query has an order by'} with --skip-rows ${skipRows + report.rows}.`;
    throw interrupts.error();
  }
  return report.missing + report.busy + report.refused > 0 ? exitCodes.found : exitCodes.done;
}

function mappingOf(options: ImportCommandOptions): CsvMapping {
  const { ownerId = ['owner_id'] } = options;
  const [first = 'owner_id', ...others] = ownerId;
  return {
    key: options.key ?? 'key',
    ownerType: options.ownerType ?? 'owner_type',
    ownerId: others.length === 0 ? first : ownerId,
    slot: options.slot ?? 'slot',
    filename: options.filename,
    contentType: options.contentType,
    delimiter: options.delimiter,
  };
}

function without(prefix: string, path: string): string | null {
  return path.startsWith(prefix) ? path.slice(prefix.length) : null;
}
