import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { articles, registry } = parity;
const { files, pool, processor, media } = registry;

/** As pg_restore --disable-triggers and logical replication do it. */
async function replica() {
  return registry.database.client({ options: '-c session_replication_role=replica' });
}

async function outbox(): Promise<unknown[]> {
  return registry.tables.selectFrom('deletion_outbox').selectAll().orderBy('seq').execute();
}

describe('signal and mixin articles', () => {
  describe('fixtures and restores trigger nothing', () => {
    test('fixtures that are loaded as a restore note nothing, and what they hold stays', async () => {
      const client = await replica();
      const { rows } = await client.query('select uuidv7()::text as id');
      const id: string = rows[0].id;
      const key = `2026/01/31/${id.slice(-1)}/${id}-photo.jpg`;
      await mkdir(dirname(join(media.path, key)), { recursive: true });
      await writeFile(join(media.path, key), 'fixture');
      const before = await outbox();

      await client.query(
        `insert into file_registry.files (id, storage, key, content_type, size, checksum)
         values ($1, 'media', $2, 'image/jpeg', 7, $3)`,
        [id, key, createHash('sha256').update('fixture').digest()],
      );
      await client.query(
        `insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
         values ($1, 'article', '1', 'cover')`,
        [id],
      );

      expect(await outbox()).toEqual(before);
      await registry.passTime('10 years');
      await processor.drain();
      expect(await files.filesOf({ type: 'article', id: 1 })).toMatchObject([{ id, size: 7 }]);
      expect(await (await files.read(id)).toArray()).toEqual([Buffer.from('fixture')]);
    });

    test('rows that a restore removes and brings back note nothing, and no file goes', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      await parity.graceEnds(); // settles the intent of the upload: the file is referenced
      const before = await outbox();
      const client = await replica();

      await client.query(`create temporary table saved as table file_registry.file_references`);
      await client.query(`delete from article; delete from file_registry.file_references`);
      expect(await outbox()).toEqual(before);
      await registry.passTime('10 years');
      await processor.drain();
      expect(await registry.hasBytes(photo)).toBe(true);

      await client.query(
        `insert into file_registry.file_references (file_id, owner_type, owner_id, slot, attached_at)
         select file_id, owner_type, owner_id, slot, attached_at from saved`,
      );
      await client.query(`insert into article (id, title) overriding system value values ($1, 'back')`, [id]);
      expect(await articles.coverOf(id)).toBe(photo.id);
      expect(await outbox()).toEqual(before);

      // From here on the rules hold again.
      await articles.remove(id);
      await parity.graceEnds();
      expect(await registry.hasBytes(photo)).toBe(false);
    });

    test('the same statements without the privilege of a restore do note it', async () => {
      const photo = await registry.store();
      const slot = randomUUID();
      await registry.attach(photo, 'raw', slot);

      await pool.query('delete from file_registry.file_references where slot = $1', [slot]);

      expect(await outbox()).toContainEqual(
        expect.objectContaining({ file_id: photo.id, reason: 'detached', slot }),
      );
    });
  });

  describe('the file is already missing in storage', () => {
    test('no error, the row is settled', async () => {
      const photo = await registry.store();
      const id = await articles.publish(photo);
      await articles.remove(id);
      await rm(join(media.path, photo.key));
      await registry.passTime('25 hours');

      expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1, failed: 0 });
      expect(await registry.deletion(photo)).toMatchObject({ state: 'deleted', last_error: null });
    });
  });
});
