import type { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { FileRegistry, StoredFile } from 'nestjs-file-registry';
import type { Database } from './database.js';

const defaultPicture = { type: 'site', id: 'defaults', slot: 'person-picture' };

/** Held once, by the site itself; persons without a picture hold nothing. */
export async function setDefaultPicture(
  db: Kysely<Database>,
  files: FileRegistry,
  content: Readable,
): Promise<void> {
  const picture = await files.store(content, { filename: 'nobody.png' });
  await db.transaction().execute((trx) => files.in(trx).replace(defaultPicture, picture));
}

/** For a whole page of persons in one round trip. */
export async function picturesOf(
  files: FileRegistry,
  ids: readonly number[],
): Promise<(StoredFile | undefined)[]> {
  const owners = ids.map((id) => ({ type: 'person', id, slot: 'picture' }));
  const [[fallback] = [], ...pictures] = await files.filesOf([defaultPicture, ...owners]);
  return pictures.map(([picture]) => picture ?? fallback);
}
