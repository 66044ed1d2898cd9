import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { escapeIdentifier } from 'pg';
import type { Queryable } from './queryable.js';

export interface AssertLawsOptions {
  /** May read the registry's tables. */
  admin: Queryable;
  /** Default: `file_registry`. */
  schema?: string;
  /** The root folder of each local storage, by the storage's name. */
  storages: Record<string, string>;
}

type Row = { id: string; storage: string; key: string; size: string; checksum: Buffer | null; state: string };

/**
 * Checks rows against rows and rows against bytes, while nothing else is at work on them.
 *
 * @throws Error that lists every violation.
 */
export async function assertLaws({
  admin,
  schema = 'file_registry',
  storages,
}: AssertLawsOptions): Promise<void> {
  const tables = escapeIdentifier(schema);
  const violations: string[] = [];

  for (const [violation, query] of Object.entries(violationsInRows(tables))) {
    const { rows } = await admin.query(query);
    violations.push(...rows.map((row) => `${violation}: ${Object.values(row).join(' ')}`));
  }

  const files = (await admin.query(`select id, storage, key, size, checksum from ${tables}.files`))
    .rows as Row[];
  const deletions = (await admin.query(`select file_id as id, storage, key, state from ${tables}.deletions`))
    .rows as Row[];

  for (const [storage, root] of Object.entries(storages)) {
    const onDisk = new Set(await regularFiles(root));
    const explained = new Set<string>();

    for (const file of files.filter((row) => row.storage === storage)) {
      explained.add(file.key);
      const problem = onDisk.has(file.key) ? await damage(join(root, file.key), file) : 'no bytes';
      if (problem)
        violations.push(`law 5, a file row means durable bytes: ${file.id} ${file.key}: ${problem}`);
    }
    const receipts = new Set<string>();
    for (const deletion of deletions.filter((row) => row.storage === storage)) {
      (deletion.state === 'deleted' ? receipts : explained).add(deletion.key);
      if (['reserved', 'abandoned'].includes(deletion.state)) explained.add(`${deletion.key}.part`);
    }
    for (const path of onDisk) {
      if (explained.has(path)) continue;
      const law = receipts.has(path)
        ? 'a receipt means that the bytes are gone'
        : 'law 4, no bytes without a row';
      violations.push(`${law}: ${storage} ${path}`);
    }
  }

  if (violations.length > 0) throw new Error(`The laws are broken:\n  ${violations.join('\n  ')}`);
}

function violationsInRows(tables: string): Record<string, string> {
  return {
    'law 1, a reference points at a file': `
      select r.* from ${tables}.file_references r
       where not exists (select from ${tables}.files f where f.id = r.file_id)`,

    'law 1, a reference is held by a file that is there': `
      select r.* from ${tables}.file_references r
       where r.holder_id is not null
         and not exists (select from ${tables}.files f where f.id = r.holder_id)`,

    'law 2, a file has a reference or an intent': `
      select f.id, f.key from ${tables}.files f
       where not exists (select from ${tables}.file_references r where r.file_id = f.id)
         and not exists (select from ${tables}.deletion_outbox o where o.file_id = f.id)`,

    'law 3, a file is not condemned': `
      select f.id, d.state from ${tables}.files f
        join ${tables}.deletions d on d.file_id = f.id`,

    'law 3, bytes of a file are not due': `
      select f.id, d.file_id, f.key from ${tables}.files f
        join ${tables}.deletions d on d.storage = f.storage and d.key = f.key and d.state <> 'deleted'`,

    'law 6, an adopted key is kept': `
      select a.id, a.storage, a.key
        from (select id, storage, key from ${tables}.files
               union all
              select file_id, storage, key from ${tables}.deletions) a
       where not ${tables}.is_generated_key(a.id, a.key)
         and not exists (select from ${tables}.adopted_keys k where k.storage = a.storage and k.key = a.key)`,
  };
}

async function damage(path: string, file: Row): Promise<string | undefined> {
  const { size } = await stat(path);
  if (size !== Number(file.size)) return `${size} bytes instead of ${file.size}`;
  if (file.checksum === null) return undefined;

  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest().equals(file.checksum) ? undefined : 'another checksum';
}

async function regularFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}
