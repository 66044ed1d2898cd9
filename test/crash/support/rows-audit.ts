import type { Queryable } from '../../support/queryable.js';

/**
 * What no snapshot of the rows may ever show, whatever is under way. The keys are those whose bytes were gone before the
 * snapshot was taken.
 */
export async function rowsAudit(admin: Queryable, removedKeys: readonly string[]): Promise<string[]> {
  const { rows } = await admin.query(
    `select format('a file without bytes: %s, %s', f.id, f.key) as problem
       from file_registry.files f
      where f.key = any($1)
      union all
     select format('a reference to a file that is not there: %s of %s/%s/%s', r.file_id, r.owner_type, r.owner_id, r.slot)
       from file_registry.file_references r
      where not exists (select from file_registry.files f where f.id = r.file_id)
      union all
     select format('a file that nobody holds and nobody will ever delete: %s, %s', f.id, f.key)
       from file_registry.files f
      where not exists (select from file_registry.file_references r where r.file_id = f.id)
        and not exists (select from file_registry.deletion_outbox o where o.file_id = f.id)
      union all
     select format('a file that is %s in deletions: %s, %s', d.state, f.id, f.key)
       from file_registry.files f
       join file_registry.deletions d on d.file_id = f.id`,
    [removedKeys],
  );
  return (rows as { problem: string }[]).map(({ problem }) => problem);
}
