import type { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { FileRegistry, StoredFile } from 'nestjs-file-registry';
import type { Database } from './database.js';

/** While the form is open. The draft's id belongs to the user's session; the client never names a file by itself. */
export async function addToDraft(
  db: Kysely<Database>,
  files: FileRegistry,
  draft: string,
  upload: { content: Readable; filename: string },
): Promise<StoredFile> {
  const file = await files.store(upload.content, { filename: upload.filename });
  await db
    .transaction()
    .execute((trx) => files.in(trx).attach(file, { type: 'draft', id: draft, slot: 'attachment' }));
  return file;
}

/** When the form is sent. */
export async function submitDraft(
  db: Kysely<Database>,
  files: FileRegistry,
  draft: string,
  title: string,
): Promise<number> {
  const owner = { type: 'draft', id: draft, slot: 'attachment' };
  const attachments = await files.filesOf(owner);
  return db.transaction().execute(async (trx) => {
    const { id } = await trx
      .insertInto('document')
      .values({ title, deleted_at: null })
      .returning('id')
      .executeTakeFirstOrThrow();
    await files.in(trx).attach(attachments, { type: 'document', id, slot: 'attachment' });
    // These and no others: what is added to the draft at this moment stays with it.
    await files.in(trx).detach(attachments, owner);
    return id;
  });
}

/** When a session ends, or drafts have become too old. */
export async function dropDraft(db: Kysely<Database>, files: FileRegistry, draft: string): Promise<void> {
  await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'draft', id: draft }));
}
