import { Inject, Injectable } from '@nestjs/common';
import { RegistryDatabase } from '../database/registry-database.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { RESOLVED_OPTIONS } from '../options/options-token.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { lookAtRows, writeRows } from './import-batch.js';
import type { ImportOptions } from './import-options.js';
import type { ImportReport } from './import-report.js';
import type { ImportRow } from './import-row.js';
import { ImportTally, type NumberedRow } from './import-tally.js';
import { resolveImportOptions } from './resolve-import-options.js';

/** Takes over the files of an application whose tables hold paths. */
@Injectable()
export class FileImporter {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(RegistryDatabase) private readonly database: RegistryDatabase,
  ) {}

  /**
   * Makes a file of each object that a row names, unread, and gives the row's owner a reference to it. Rows that name one object
   * share a file. Idempotent: importing again changes nothing, so an import that broke off is simply run again. Each batch is a
   * transaction of its own; memory does not grow with the rows.
   *
   * ```ts
   * const rows = queryRows(pool, `select cover_path as key, 'article' as owner_type, id as owner_id, 'cover' as slot from article
   *                                where cover_path is not null`);
   * const report = await importer.import(rows, { storage: 'media' });
   * ```
   *
   * @throws InvalidOptionError, UnknownStorageError; InvalidOwnerError for an owner type that is reserved in a row's slot of a
   *   guarded tracked column; StorageUnavailableError, StorageUnusableError, DatabaseUnavailableError, and whatever the rows throw.
   *   What was imported before stays.
   */
  async import(
    rows: AsyncIterable<ImportRow> | Iterable<ImportRow>,
    options: ImportOptions = {},
  ): Promise<ImportReport> {
    const resolved = resolveImportOptions(options);
    requireRows(rows);
    const name = options.storage ?? this.options.storages.defaultName;
    const storage = this.options.storages.get(name);
    const tally = new ImportTally(resolved);

    // While one batch is written, the objects of the next are looked at.
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const batch of batchesOf(rows, resolved.skipRows, resolved.batchSize)) {
        if (resolved.signal?.aborted === true) {
          await writing;
          return tally.report(true);
        }
        const [found] = await Promise.all([lookAtRows(batch, storage, resolved, tally), writing]);
        writing = writeRows(found, name, resolved.dryRun, this.database, tally).then(() =>
          resolved.onProgress?.(tally.report()),
        );
        // It is awaited with the next batch, which may come late.
        writing.catch(() => undefined);
      }
      await writing;
      return tally.report();
    } finally {
      await writing.catch(() => undefined);
    }
  }
}

async function* batchesOf(
  rows: AsyncIterable<ImportRow> | Iterable<ImportRow>,
  skipRows: number,
  batchSize: number,
): AsyncGenerator<NumberedRow[]> {
  let batch: NumberedRow[] = [];
  let number = 0;
  for await (const row of rows) {
    number++;
    if (number <= skipRows) continue;
    batch.push({ row, number });
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function requireRows(rows: unknown): void {
  const iterable =
    typeof rows === 'object' && rows !== null && (Symbol.asyncIterator in rows || Symbol.iterator in rows);
  if (!iterable) {
    throw new InvalidOptionError(
      'rows: expected something to iterate over, such as queryRows(…), csvRows(…) or a list.',
      { context: { option: 'rows' } },
    );
  }
}
