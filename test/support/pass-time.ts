import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Queryable } from './queryable.js';

/**
 * Lets time pass for the registry without waiting: makes everything in it older by `interval`, e.g. `'25 hours'`. Needs a
 * superuser, because the laws forbid it to everybody else. Infinite times stay infinite.
 */
export async function passTime(admin: Queryable, interval: string, schema = 'file_registry'): Promise<void> {
  const tables = escapeIdentifier(schema);
  const by = `interval ${escapeLiteral(interval)}`;

  // Statements of one query run in one transaction.
  await admin.query(`
    set local session_replication_role = replica;

    update ${tables}.files           set created_at   = created_at   - ${by};
    update ${tables}.file_references set attached_at  = attached_at  - ${by};
    update ${tables}.deletion_outbox set noted_at     = noted_at     - ${by};
    update ${tables}.deletions       set condemned_at = condemned_at - ${by}, next_attempt_at = next_attempt_at - ${by},
                                         deleted_at   = deleted_at   - ${by};
    update ${tables}.rendition_leases set expires_at = expires_at - ${by};`);
}
