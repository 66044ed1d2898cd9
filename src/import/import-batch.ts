import { v7 as uuidv7 } from 'uuid';
import { call, jsonArgument } from '../database/call.js';
import { kyselyExecutor } from '../database/kysely-executor.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { sqlStateOf } from '../database/sql-state.js';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { InvalidOwnerError } from '../errors/invalid-owner-error.js';
import { TransactionConflictError } from '../errors/transaction-conflict-error.js';
import { mapLimited } from '../reconcile/map-limited.js';
import type { FileStorage, StoredObject } from '../storage/storage.js';
import { checkImportRow, type CheckedRow, contentTypeOf } from './check-import-row.js';
import type { ImportTally, NumberedRow } from './import-tally.js';
import type { ResolvedImportOptions } from './resolve-import-options.js';

/** What `import_rows` answers. */
interface ImportedRows {
  readonly files: number;
  readonly references: number;
  readonly busy: readonly string[];
}

/** A row whose object is there. */
export interface FoundRow {
  readonly given: NumberedRow;
  readonly checked: CheckedRow;
  readonly object: StoredObject;
}

/** Times that a batch is tried which met a change at that moment. */
const triesMax = 5;

/** Looks for the object of each row. What is wrong or missing is noted and left out. */
export async function lookAtRows(
  rows: readonly NumberedRow[],
  storage: FileStorage,
  options: ResolvedImportOptions,
  tally: ImportTally,
): Promise<FoundRow[]> {
  const good: { given: NumberedRow; checked: CheckedRow }[] = [];
  for (const given of rows) {
    try {
      good.push({ given, checked: checkImportRow(given.row, options.mapKey) });
    } catch (error) {
      tally.refused(given, textOf(error));
    }
  }
  const keys = [...new Set(good.map(({ checked }) => checked.key))];
  const looked = await mapLimited(keys, options.concurrency, async (key) =>
    storage.stat({ key }).catch(refusal),
  );
  const objects = new Map(keys.map((key, index) => [key, looked[index]]));
  return good.flatMap(({ given, checked }) => {
    const object = objects.get(checked.key) ?? null;
    if (object === null) {
      tally.missing(given);
    } else if (object instanceof FileRegistryError) {
      tally.refused(given, object.message);
    } else {
      return [{ given, checked, object }];
    }
    return [];
  });
}

/** Writes the rows in one transaction. */
export async function writeRows(
  rows: readonly FoundRow[],
  storage: string,
  dryRun: boolean,
  database: RegistryDatabase,
  tally: ImportTally,
): Promise<void> {
  if (rows.length === 0) {
    return;
  }
  const { files, references, busy } = await importRows(storage, rows.map(toJson), dryRun, database);
  const busyKeys = new Set(busy);
  const untaken = rows.filter(({ checked }) => busyKeys.has(checked.key));
  for (const { given } of untaken) {
    tally.busy(given);
  }
  tally.imported({ taken: rows.length - untaken.length, files, references });
}

async function importRows(
  storage: string,
  rows: readonly unknown[],
  dryRun: boolean,
  database: RegistryDatabase,
): Promise<ImportedRows> {
  const args = [['text', storage], jsonArgument(rows)] as const;
  for (let tries = 1; ; tries++) {
    try {
      return await (dryRun
        ? asIf(database, (executor) => call<ImportedRows>(executor, database.schema, 'import_rows', args))
        : database.step<ImportedRows>('import_rows', args));
    } catch (error) {
      if (error instanceof TransactionConflictError && tries < triesMax) {
        continue;
      }
      throw sqlStateOf(error) === '22023' ? refusedOwner(error) : error;
    }
  }
}

/** Does it in a transaction that is rolled back, so that the answer is that of the real thing. */
async function asIf<Result>(
  { kysely }: RegistryDatabase,
  work: (executor: ReturnType<typeof kyselyExecutor>) => Promise<Result>,
): Promise<Result> {
  const transaction = await kysely.startTransaction().setIsolationLevel('read committed').execute();
  try {
    return await work(kyselyExecutor(transaction));
  } finally {
    await transaction.rollback().execute();
  }
}

function toJson({ checked, object }: FoundRow): unknown {
  const { key, owner, filename } = checked;
  return {
    fileId: uuidv7(),
    key,
    versionId: object.versionId,
    filename,
    contentType: contentTypeOf(checked, object),
    size: object.sizeBytes,
    ...owner,
  };
}

function refusedOwner(error: unknown): InvalidOwnerError {
  return new InvalidOwnerError(
    `An owner of the rows cannot be imported: ${textOf(error)} Where the slot follows a tracked column, track the column instead of importing: its rows are taken in with it. Nothing of this batch was imported.`,
    { cause: error },
  );
}

/** What lies there is no object, or no key of this storage: a matter of the row. All else ends the import. */
function refusal(error: unknown): FileRegistryError {
  if (error instanceof FileRegistryError && ['STORAGE_REFUSED', 'INVALID_KEY'].includes(error.code)) {
    return error;
  }
  throw error;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
