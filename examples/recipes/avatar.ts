import type { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { FileRegistry, StoredFile } from 'nestjs-file-registry';
import type { Database } from './database.js';

/** The old one goes after the grace period. If the transaction rolls back, the new one does. */
export async function setAvatar(
  db: Kysely<Database>,
  files: FileRegistry,
  id: number,
  content: Readable,
): Promise<StoredFile> {
  const avatar = await files.store(content, { filename: 'avatar.png', contentType: 'image/png' });
  await db
    .transaction()
    .execute((trx) => files.in(trx).replace({ type: 'person', id, slot: 'avatar' }, avatar));
  return avatar;
}

export async function removeAvatar(db: Kysely<Database>, files: FileRegistry, id: number): Promise<void> {
  await db
    .transaction()
    .execute((trx) => files.in(trx).replace({ type: 'person', id, slot: 'avatar' }, null));
}
