import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { FileRegistryTables, StoredFile } from 'nestjs-file-registry';

/** What is needed of a file to look at it; also after it has gone. */
export type ShownFile = Pick<StoredFile, 'id' | 'key' | 'filename' | 'createdAt'>;

/** All there is of a file: its rows, and its bytes. */
export interface FileState {
  /** Who holds it, such as `article 1`. */
  references: string[];
  /** Why it was noted as one that may have become unreferenced. */
  intents: string[];
  /** Of the bytes on disk; undefined where none are. */
  size: number | undefined;
  state: 'file' | 'reserved' | 'abandoned' | 'condemned' | 'deleted' | 'unknown';
  /** How many times its deletion was begun. */
  attempts: number | undefined;
  /** From its last detach, or from when it was stored, until it was condemned; by the database's clock. */
  waitedMs: number | undefined;
}

export async function readStates(
  files: readonly ShownFile[],
  { tables, mediaRoot }: { tables: Kysely<FileRegistryTables>; mediaRoot: string },
): Promise<FileState[]> {
  const ids = files.map(({ id }) => id);
  // In one transaction, so that no row is seen twice or not at all on its way from one table to another.
  const rows = await tables
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => ({
      files: await trx.selectFrom('files').select('id').where('id', 'in', ids).execute(),
      references: await trx
        .selectFrom('file_references')
        .selectAll()
        .where('file_id', 'in', ids)
        .orderBy('attached_at')
        .execute(),
      intents: await trx
        .selectFrom('deletion_outbox')
        .selectAll()
        .where('file_id', 'in', ids)
        .orderBy('seq')
        .execute(),
      deletions: await trx.selectFrom('deletions').selectAll().where('file_id', 'in', ids).execute(),
    }));

  return Promise.all(
    files.map(async ({ id, key, createdAt }): Promise<FileState> => {
      const deletion = rows.deletions.find((row) => row.file_id === id);
      const isFile = rows.files.some((row) => row.id === id);
      return {
        references: rows.references
          .filter((row) => row.file_id === id)
          .map((row) => `${row.owner_type} ${row.owner_id}`),
        intents: rows.intents.filter((row) => row.file_id === id).map((row) => row.reason),
        size: await sizeOnDisk(join(mediaRoot, key)),
        state: isFile ? 'file' : (deletion?.state ?? 'unknown'),
        attempts: deletion?.attempts,
        waitedMs:
          deletion &&
          deletion.condemned_at.getTime() - (lastDetach(deletion.last_owners) ?? createdAt).getTime(),
      };
    }),
  );
}

function lastDetach(lastOwners: unknown): Date | undefined {
  const last = (lastOwners as { detachedAt: string }[]).at(-1);
  return last && new Date(last.detachedAt);
}

async function sizeOnDisk(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
