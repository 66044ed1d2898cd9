import type { Kysely } from 'kysely';
import type { FileRegistry } from 'nestjs-file-registry';
import type { Database } from './database.js';

/** What the person holds now stays, whoever detaches or erases it; each matter is a hold of its own. */
export async function holdFilesOf(
  db: Kysely<Database>,
  files: FileRegistry,
  id: number,
  matter: string,
): Promise<void> {
  const held = await files.filesOf({ type: 'person', id });
  await db.transaction().execute((trx) => files.in(trx).hold(held, matter));
}

/** Files that nobody else holds by now go after their grace period. */
export async function releaseHold(
  db: Kysely<Database>,
  files: FileRegistry,
  fileIds: readonly string[],
  matter: string,
): Promise<void> {
  await db.transaction().execute((trx) => files.in(trx).release(fileIds, matter));
}
