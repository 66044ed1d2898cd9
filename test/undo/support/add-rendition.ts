import type { StoredFile } from 'nestjs-file-registry';
import type { Queryable } from '../../support/queryable.js';

/** What storing a rendition does in the end: the original holds it by a reference. */
export async function addRendition(
  session: Queryable,
  original: StoredFile,
  rendition: StoredFile,
  size: string,
): Promise<void> {
  await session.query(
    `insert into file_registry.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, $3)`,
    [rendition.id, original.id, `size=${size}`],
  );
}
