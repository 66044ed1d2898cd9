import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredFile } from 'nestjs-file-registry';
import { tables } from './ordinary-database.js';
import type { OrdinaryRegistry } from './ordinary-registry.js';

export interface UsedRegistry {
  readonly attached: StoredFile;
  readonly waiting: StoredFile;
  readonly stuck: StoredFile;
}

/** Brings a row of every kind into the registry: what a dump of a registry in use holds. */
export async function use(registry: OrdinaryRegistry): Promise<UsedRegistry> {
  const { admin, processor } = registry;
  const article = { type: 'article', id: "O'Hara\t\\N", slot: 'cover' };

  const deleted = await registry.store('deleted');
  await registry.attach(deleted, article);
  await registry.detach(deleted, article);
  await registry.passTime('25 hours');
  await processor.drain();

  const stuck = await registry.store('stuck');
  await registry.passTime('25 hours');
  registry.refuseDeletions = true;
  await processor.drain();
  registry.refuseDeletions = false;

  const [attached, rendition] = [await registry.store('attached'), await registry.store('rendition')];
  await registry.attach(attached, article);
  await admin.query(
    `insert into ${tables}.file_references (file_id, owner_type, owner_id, slot) values ($1, 'file', $2, 'size=100')`,
    [rendition.id, attached.id],
  );

  const waiting = await registry.store('waiting');
  await registry.attach(waiting, article);
  await registry.detach(waiting, article);

  await write(registry, 'adopted/naïve.txt', 'adopted');
  await admin.query(
    `insert into ${tables}.files (id, storage, key, content_type, size, metadata)
     values (gen_random_uuid(), 'media', 'adopted/naïve.txt', 'text/plain', 7, '{"title": "a\\\\b"}')`,
  );

  const upload = '0190aaaa-0000-7000-8000-000000000004';
  await write(registry, `2026/${upload}.bin.part`, 'half of it');
  await admin.query(`select ${tables}.reserve($1, 'media', $2, 'a.bin', 3600000)`, [
    upload,
    `2026/${upload}.bin`,
  ]);
  await registry.assertLaws();
  return { attached, waiting, stuck };
}

async function write({ media }: OrdinaryRegistry, key: string, content: string): Promise<void> {
  const path = join(media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
