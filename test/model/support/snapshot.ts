import type { Queryable } from '../../support/queryable.js';
import { type Intent, ownerOf, type Reference, stepMinutes } from './facts.js';

/** What is committed in the database, in the model's words. */
export interface Snapshot {
  readonly files: ReadonlySet<string>;
  readonly references: readonly Reference[];
  readonly intents: readonly Omit<Intent, 'order'>[];
  readonly deletions: readonly { readonly key: string; readonly state: string }[];
}

export async function takeSnapshot(admin: Queryable): Promise<Snapshot> {
  const { rows } = await admin.query(
    `select
       (select coalesce(json_agg(id), '[]') from file_registry.files) as files,
       (select coalesce(json_agg(json_build_object('file', file_id, 'type', owner_type, 'id', owner_id, 'slot', slot)), '[]')
          from file_registry.file_references) as references,
       (select coalesce(json_agg(json_build_object(
                 'file', file_id, 'reason', reason, 'type', owner_type, 'id', owner_id, 'slot', slot,
                 'age', round(extract(epoch from clock_timestamp() - noted_at) / 60 / $1::numeric)) order by noted_at, seq), '[]')
          from file_registry.deletion_outbox) as intents,
       (select coalesce(json_agg(json_build_object('key', key, 'state', state)), '[]') from file_registry.deletions) as deletions`,
    [stepMinutes],
  );
  const { files, references, intents, deletions } = rows[0];
  return {
    files: new Set(files),
    references,
    intents: intents.map((row: Reference & { reason: string; age: number }) => ({
      file: row.file,
      reason: row.reason,
      owner: row.type === null ? undefined : ownerOf(row),
      age: row.age,
    })),
    deletions,
  };
}
