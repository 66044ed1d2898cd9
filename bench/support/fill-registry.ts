import type { Pool } from 'pg';
import type { MadeFile } from './make-files.js';

/**
 * Writes rows as a restore would, past the triggers: the files, and a reference of the owner { article, its number from 1, slot }
 * to each. Refreshes the statistics.
 */
export async function fillRegistry(pool: Pool, files: readonly MadeFile[], slot: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('set session_replication_role = replica');
    await client.query(
      `insert into file_registry.files (id, storage, key, filename, content_type, size)
       select id, 'media', key, 'photo.jpg', 'image/jpeg', 4096
         from unnest($1::uuid[], $2::text[]) as f(id, key)`,
      [files.map(({ id }) => id), files.map(({ key }) => key)],
    );
    await client.query(
      `insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
       select id, 'article', n::text, $2 from unnest($1::uuid[]) with ordinality as f(id, n)`,
      [files.map(({ id }) => id), slot],
    );
    await client.query('reset session_replication_role');
  } finally {
    client.release();
  }
  await pool.query('vacuum analyze');
}
