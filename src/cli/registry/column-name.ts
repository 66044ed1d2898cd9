import type { TrackedColumn } from '../../tracking/tracked-columns.js';

/** `shop.article.cover_id`, and the path behind it where there is one. */
export function columnName({ schema, table, column, path }: TrackedColumn): string {
  return `${schema}.${table}.${column}${path === null ? '' : ` (${path})`}`;
}
