import type { Generated } from 'kysely';

/** The application's own tables, as far as the recipes need them. */
export interface Database {
  album: { id: Generated<number>; photos: string[] };
  document: { id: Generated<number>; title: string; deleted_at: Date | null };
  document_version: { document_id: number; version: number };
  person: { id: Generated<number>; name: string };
}
