import type { Kysely } from 'kysely';
import type { ErasedFile, FileRegistry } from 'nestjs-file-registry';
import type { Database } from './database.js';

/**
 * Everything of a person goes with the commit, without a grace period: files, what was made from them, and the names in receipts.
 * The answer is the proof. FileHeldError while there is a legal hold: nothing is erased.
 */
export async function erasePerson(
  db: Kysely<Database>,
  files: FileRegistry,
  id: number,
): Promise<readonly ErasedFile[]> {
  // Before the transaction: it reads on a connection of its own.
  const held = await files.filesOf({ type: 'person', id });
  return db.transaction().execute(async (trx) => {
    await trx.deleteFrom('person').where('id', '=', id).execute();
    const { erased } = await files.in(trx).erase(held, { redact: true });
    await files.in(trx).detachAll({ type: 'person', id }); // What came meanwhile goes, too, after the grace period.
    return erased;
  });
}
