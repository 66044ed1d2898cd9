import { type Kysely, sql } from 'kysely';
import type { FileRegistry } from 'nestjs-file-registry';
import type { Database } from './database.js';

/** Lets the files go after the grace period, which is how long it can be undone. */
export async function softDelete(db: Kysely<Database>, files: FileRegistry, id: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('document')
      .set({ deleted_at: sql`now()` })
      .where('id', '=', id)
      .execute();
    await files.in(trx).detachAll({ type: 'document', id });
  });
}

/** Puts back what the document held, in every slot, and answers how many references that were. What is gone stays away. */
export async function undelete(db: Kysely<Database>, files: FileRegistry, id: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await trx.updateTable('document').set({ deleted_at: null }).where('id', '=', id).execute();
    const { restored } = await files.in(trx).restore({ type: 'document', id });
    return restored;
  });
}
