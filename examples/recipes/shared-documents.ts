import type { Kysely } from 'kysely';
import type { FileRegistry } from 'nestjs-file-registry';
import type { Database } from './database.js';

/**
 * Gives another tenant a document of its own with the same files. No byte is copied; the files go when the last tenant has let
 * go of them. The tenant is a part of the owner's id, so that nobody finds files by guessing the id of a document.
 */
export async function shareDocument(
  db: Kysely<Database>,
  files: FileRegistry,
  from: { tenant: string; id: number },
  toTenant: string,
): Promise<number> {
  const shared = await files.filesOf({ type: 'document', id: [from.tenant, from.id] });
  return db.transaction().execute(async (trx) => {
    const { id } = await trx
      .insertInto('document')
      .values({ title: 'shared', deleted_at: null })
      .returning('id')
      .executeTakeFirstOrThrow();
    // FileCondemnedError if the first tenant deleted it a grace period ago, between the two statements.
    await files.in(trx).attachMany(
      shared.map((file) => ({
        file,
        owner: { type: 'document', id: [toTenant, id], slot: file.slot },
      })),
    );
    return id;
  });
}
