import type { ColumnType, Generated } from 'kysely';

/**
 * The registry's tables as Kysely types, for reports and dashboards of roles that were granted SELECT:
 * `db.withSchema('file_registry').selectFrom('reference_counts')`. Only the schema's functions write them.
 */
export interface FileRegistryTables {
  files: FilesTable;
  file_references: FileReferencesTable;
  deletion_outbox: DeletionOutboxTable;
  deletions: DeletionsTable;
  adopted_keys: AdoptedKeysTable;
  rendition_leases: RenditionLeasesTable;
  settings: SettingsTable;
  reference_counts: ReferenceCountsView;
}

/** What node-postgres makes of a bigint unless a type parser says otherwise. */
type BigInt64 = ColumnType<string, string | number | bigint, never>;

export interface FilesTable {
  id: string;
  storage: string;
  key: string;
  version_id: string | null;
  filename: string | null;
  content_type: string;
  size: BigInt64;
  checksum: Buffer | null;
  metadata: Generated<unknown>;
  created_at: Generated<Date>;
}

export interface FileReferencesTable {
  file_id: string;
  owner_type: string;
  owner_id: string;
  slot: string;
  attached_at: Generated<Date>;
  holder_id: ColumnType<string | null, never, never>;
}

export interface DeletionOutboxTable {
  file_id: string;
  seq: ColumnType<string, never, never>;
  reason: string;
  noted_at: Generated<Date>;
  owner_type: string | null;
  owner_id: string | null;
  slot: string | null;
}

export interface DeletionsTable {
  file_id: string;
  storage: string;
  key: string;
  version_id: string | null;
  filename: string | null;
  size: BigInt64 | null;
  reason: string;
  state: 'reserved' | 'abandoned' | 'condemned' | 'deleted';
  last_owners: Generated<unknown>;
  condemned_at: Generated<Date>;
  next_attempt_at: Generated<Date | null>;
  lease_token: string | null;
  attempts: Generated<number>;
  last_error: string | null;
  deleted_at: Date | null;
  terms: unknown;
}

export interface AdoptedKeysTable {
  storage: string;
  key: string;
}

export interface RenditionLeasesTable {
  original_id: string;
  slot: string;
  token: string;
  expires_at: Date;
  error: unknown;
}

export interface SettingsTable {
  only_row: Generated<boolean>;
  identity: unknown;
  paused_at: Date | null;
}

export interface ReferenceCountsView {
  file_id: string;
  ref_count: BigInt64;
  first_attached_at: Date | null;
  last_attached_at: Date | null;
}
