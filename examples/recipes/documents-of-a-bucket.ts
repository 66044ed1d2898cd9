import { FileImporter, type ImportReport, queryRows } from 'nestjs-file-registry';
import type { INestApplicationContext } from '@nestjs/common';
import type { Pool } from 'pg';

/** Documents whose objects lie in the bucket already, where they lie. May be called again after an interruption. */
export async function importDocuments(app: INestApplicationContext, pool: Pool): Promise<ImportReport> {
  const rows = queryRows(
    pool,
    `select path as key, 'document' as owner_type, id as owner_id, 'content' as slot
       from old_document
      order by id`,
  );
  return app.get(FileImporter, { strict: false }).import(rows, { storage: 'media' });
}
