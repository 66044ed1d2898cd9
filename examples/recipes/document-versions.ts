import type { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { FileRegistry } from 'nestjs-file-registry';
import type { Database } from './database.js';

/** A version never changes, and neither does its file: what is saved is another version. */
export async function saveVersion(
  db: Kysely<Database>,
  files: FileRegistry,
  { document_id, version, content }: { document_id: number; version: number; content: Readable },
): Promise<void> {
  const file = await files.store(content, { filename: `document-${document_id}-v${version}.txt` });
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('document_version').values({ document_id, version }).execute();
    await files
      .in(trx)
      .attach(file, { type: 'document_version', id: [document_id, version], slot: 'content' });
  });
}

/** Keeps the newest so many. A file that two versions share stays while one of them does. */
export async function pruneVersions(
  db: Kysely<Database>,
  files: FileRegistry,
  document_id: number,
  keep: number,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const old = await trx
      .selectFrom('document_version')
      .select('version')
      .where('document_id', '=', document_id)
      .orderBy('version', 'desc')
      .offset(keep)
      .forUpdate()
      .execute();
    for (const { version } of old) {
      await trx
        .deleteFrom('document_version')
        .where('document_id', '=', document_id)
        .where('version', '=', version)
        .execute();
      await files.in(trx).detachAll({ type: 'document_version', id: [document_id, version] });
    }
  });
}
