import type { Queryable } from '../../../support/queryable.js';

export interface FollowedColumn {
  readonly ownerType: string;
  readonly slot: string;
  /** SQL of the test's own: (id, file) for each file that a row names. */
  readonly rows: string;
}

/** Every reference that no row names, and every named file that the row does not hold. */
export async function wrongReferences(
  database: Queryable,
  followed: readonly FollowedColumn[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { ownerType, slot, rows } of followed) {
    const result = await database.query(
      `with named as (select distinct x.id::text as id, x.file::uuid as file from (${rows}) x (id, file) where x.file is not null),
            held  as (select owner_id::text as id, file_id as file
                        from file_registry.file_references where owner_type = $1 and slot = $2)
       select format('row %s names %s and does not hold it', id, file) as problem from (table named except table held) x
        union all
       select format('row %s holds %s and does not name it', id, file) from (table held except table named) x`,
      [ownerType, slot],
    );
    wrong.push(...result.rows.map((row: { problem: string }) => `${ownerType}.${slot}: ${row.problem}`));
  }
  return wrong;
}
