import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../examples/run-script.js';

/** What bench/row-sizes.ts measured. */
export interface RowSizes {
  readonly files: number;
  readonly postgres: string;
  readonly bytesPerRow: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly walBytesPerFile: Readonly<Record<string, number>>;
}

export const rowSizes = JSON.parse(readFileSync(join(project, 'docs/row-sizes.json'), 'utf8')) as RowSizes;

/** The reader's own numbers, by the letters of the page. */
export interface Load {
  readonly F: number;
  readonly R: number;
  readonly S: number;
  readonly D: number;
  readonly G: number;
  readonly U: number;
  readonly K: number;
  readonly B: number;
  readonly T: number;
}

/** The formulae of docs/capacity.md, in its order. */
export function capacityOf({ F, R, S, D, G, U, K, B, T }: Load): readonly string[] {
  const total = (table: string) => rowSizes.bytesPerRow[table]?.['total'] ?? Number.NaN;
  const index = (table: string) => total(table) - (rowSizes.bytesPerRow[table]?.[table] ?? Number.NaN);
  const wal = rowSizes.walBytesPerFile;
  const [f, r, o, d] = ['files', 'file_references', 'deletion_outbox', 'deletions'].map(total) as [
    number,
    number,
    number,
    number,
  ];
  const coming = wal['store']! + R * wal['attach']! + wal['settleAttached']!;
  const going = R * wal['detach']! + wal['settleCondemned']! + wal['deleteBytes']! + wal['pruneReceipt']!;
  return [
    bytes(B * F * (f + R * r)),
    bytes(B * D * K * d),
    bytes(B * (D * G + S * U) * o),
    bytes(B * F * (index('files') + R * index('file_references'))),
    bytes(S * coming + D * going),
    count(2 * S + D * (4 + 2 * R)),
    count(2 * S),
    `${Math.ceil(D / T).toLocaleString('en')} s`,
  ];
}

function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(value) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(2)).toLocaleString('en')} ${units[power]}`;
}

const count = (value: number): string => Math.round(value).toLocaleString('en');
