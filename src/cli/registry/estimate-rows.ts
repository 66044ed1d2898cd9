import { sql } from 'kysely';
import { type DatabaseHandle, toKysely } from '../../database/database-handle.js';

/**
 * The planner's estimate of the rows of tables, for a bar alone: no scan, no right on the tables, and 0 where nothing is known. A
 * table that is not there is reported by whatever comes next.
 */
export async function estimateRows(
  database: DatabaseHandle,
  tables: readonly (readonly string[])[],
): Promise<number> {
  const names = tables.map((parts) => parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.'));
  const query = sql<{ rows: string }>`
    select coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint::text as rows
      from jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb) as t(name)
      join pg_catalog.pg_class c on c.oid = to_regclass(t.name)`;
  const { rows } = await query.execute(toKysely(database)).catch(() => ({ rows: [] }));
  return Number(rows[0]?.rows ?? 0);
}
