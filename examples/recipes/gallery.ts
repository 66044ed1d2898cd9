import type { Kysely } from 'kysely';
import { type FileRegistry, type StoredFile, trackFileColumn } from 'nestjs-file-registry';
import type { Database } from './database.js';

/** Once, in a migration: from then on an album holds what its column names. */
export async function trackPhotos(db: Kysely<Database>): Promise<void> {
  await trackFileColumn(db, { table: 'album', column: 'photos' });
}

/** Adds, removes and sorts: the column is the whole truth, and its order is kept. */
export async function setPhotos(
  db: Kysely<Database>,
  id: number,
  photos: readonly StoredFile[],
): Promise<void> {
  await db
    .updateTable('album')
    .set({ photos: photos.map((photo) => photo.id) })
    .where('id', '=', id)
    .execute();
}

export async function photosOf(
  db: Kysely<Database>,
  files: FileRegistry,
  id: number,
): Promise<(StoredFile | null)[]> {
  const album = await db.selectFrom('album').select('photos').where('id', '=', id).executeTakeFirstOrThrow();
  return files.find(album.photos);
}
