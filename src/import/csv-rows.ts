import { pipeline, type Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { InvalidCsvError } from '../errors/invalid-csv-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ImportRow } from './import-row.js';

/** Where a field comes from: the column of this name in the header, or the same value for every row. */
export type CsvSource = string | { readonly value: string };

export interface CsvMapping {
  readonly key: CsvSource;
  readonly ownerType: CsvSource;
  /** A list for a key of several columns, in their order. */
  readonly ownerId: CsvSource | readonly CsvSource[];
  readonly slot: CsvSource;
  readonly filename?: CsvSource | undefined;
  readonly contentType?: CsvSource | undefined;
  /** One character. Default: a comma. */
  readonly delimiter?: string | undefined;
}

const mappingNames = {
  key: true,
  ownerType: true,
  ownerId: true,
  slot: true,
  filename: true,
  contentType: true,
  delimiter: true,
} as const satisfies Record<keyof CsvMapping, true>;

/** A quote that is never closed would else take in the rest of the file. */
const recordBytesMax = 1024 * 1024;

/**
 * The lines of a CSV in UTF-8 as rows to import, streamed. Its first line names the columns.
 *
 * ```ts
 * csvRows(createReadStream('covers.csv'), { key: 'path', ownerType: { value: 'article' }, ownerId: 'id', slot: { value: 'cover' } })
 * ```
 *
 * @throws InvalidCsvError naming the line or the column, InvalidOptionError for a mapping that is wrong or a stream that was read or
 *   destroyed before, and what the stream throws.
 */
export async function* csvRows(stream: Readable, mapping: CsvMapping): AsyncGenerator<ImportRow> {
  checkMapping(mapping);
  checkStream(stream);
  const parser = parse({
    bom: true,
    delimiter: mapping.delimiter ?? ',',
    columns: (header: string[]) => checkHeader(header, mapping),
    max_record_size: recordBytesMax,
    skip_empty_lines: true,
  });
  try {
    // A stream that fails or closes before its end ends the parser with its error, which is thrown here.
    for await (const record of pipeline(stream, parser, () => undefined)) {
      yield toImportRow(record as Readonly<Record<string, string>>, mapping);
    }
  } catch (error) {
    throw isCsvError(error) ? malformed(error) : error;
  } finally {
    stream.destroy();
  }
}

function toImportRow(record: Readonly<Record<string, string>>, mapping: CsvMapping): ImportRow {
  const read = (source: CsvSource): string =>
    typeof source === 'string' ? (record[source] ?? '') : source.value;
  const readIfAny = (source: CsvSource | undefined) =>
    source === undefined ? undefined : read(source) || undefined;
  const { ownerId } = mapping;
  return {
    key: read(mapping.key),
    ownerType: read(mapping.ownerType),
    ownerId: isList(ownerId) ? ownerId.map(read) : read(ownerId),
    slot: read(mapping.slot),
    filename: readIfAny(mapping.filename),
    contentType: readIfAny(mapping.contentType),
  };
}

function sourcesOf({ key, ownerType, ownerId, slot, filename, contentType }: CsvMapping): unknown[] {
  const ids: readonly unknown[] = isList(ownerId) ? ownerId : [ownerId];
  return [key, ownerType, ...ids, slot, ...[filename, contentType].filter((source) => source !== undefined)];
}

function checkMapping(mapping: CsvMapping): void {
  const valid = (source: unknown) =>
    (typeof source === 'string' && source !== '') ||
    (typeof source === 'object' && source !== null && 'value' in source && typeof source.value === 'string');
  if (typeof mapping !== 'object' || mapping === null || !sourcesOf(mapping).every(valid)) {
    throw new InvalidOptionError(
      'mapping: expected { key, ownerType, ownerId, slot }, each the name of a column or { value } for every row.',
      { context: { option: 'mapping', value: mapping } },
    );
  }
  refuseUnknownOptions(mapping, mappingNames, 'mapping.');
  const { delimiter } = mapping;
  if (delimiter !== undefined && (typeof delimiter !== 'string' || !/^[^"\r\n]$/u.test(delimiter))) {
    throw new InvalidOptionError(`delimiter: expected one character, received ${String(delimiter)}.`, {
      context: { option: 'delimiter', value: delimiter },
    });
  }
}

function checkStream(stream: Readable): void {
  if (stream.destroyed || stream.readableEnded) {
    throw new InvalidOptionError(
      'stream: expected one that can be read, received one that was read to its end or destroyed before. Open it anew.',
      { context: { option: 'stream' } },
    );
  }
}

function checkHeader(header: string[], mapping: CsvMapping): string[] {
  const columns = sourcesOf(mapping).filter((source) => typeof source === 'string');
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    throw new InvalidCsvError(
      `The CSV has no column ${missing.join(', ')}; its first line names ${header.slice(0, 20).join(', ')}. Correct the mapping or the delimiter.`,
      { context: { missing, header: header.slice(0, 20) } },
    );
  }
  const repeated = columns.filter((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (repeated.length > 0) {
    throw new InvalidCsvError(
      `The CSV has more than one column ${repeated.join(', ')}, and nothing says which is meant. Rename the others in its first line.`,
      { context: { repeated, header: header.slice(0, 20) } },
    );
  }
  return header;
}

function malformed(error: CsvError): InvalidCsvError {
  const line = Number(error['lines']);
  return new InvalidCsvError(
    `Line ${line} of the CSV cannot be read: ${error.message}. The rows before it were handed on; correct the line and import again.`,
    { cause: error, context: { line } },
  );
}

function isList(ownerId: CsvMapping['ownerId']): ownerId is readonly CsvSource[] {
  return Array.isArray(ownerId);
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
}
