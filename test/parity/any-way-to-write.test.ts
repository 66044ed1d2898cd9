import type { Kysely } from 'kysely';
import { type StoredFile, trackFileColumn } from 'nestjs-file-registry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

interface Tables {
  page: { id: number; title: string; cover: string | null };
  listed_page: { id: number; cover: string | null };
}

const parity = await createParityTest(
  {},
  `create table chapter (id integer primary key);
   create table page (
     id         integer primary key,
     title      text not null,
     chapter_id integer references chapter on delete cascade,
     cover      uuid);
   create view listed_page as select id, cover from page`,
);
const { registry } = parity;
const { files, pool } = registry;
const db = registry.db as unknown as Kysely<Tables>;
await trackFileColumn(pool, { table: 'page', column: 'cover' });

let old: StoredFile;
let fresh: StoredFile;

beforeEach(async () => {
  old = await registry.store('old');
  await pool.query(`insert into chapter values (1)`);
  await pool.query(`insert into page values (1, 'One', 1, $1)`, [old.id]);
  // Settles the intent of the upload: from here on the file goes only where somebody lets it go.
  await parity.graceEnds();
  fresh = await registry.store('new');
});
afterEach(() => pool.query('delete from page; delete from chapter'));

const there = async () => {
  await parity.graceEnds();
  return { old: await parity.isThere(old), fresh: await parity.isThere(fresh) };
};

describe('django-cleanup', () => {
  describe('the record is loaded partially', () => {
    test('and saved without its file: the file stays', async () => {
      const page = await db.selectFrom('page').select(['id', 'title']).executeTakeFirstOrThrow();
      await db
        .updateTable('page')
        .set({ title: `${page.title} more` })
        .where('id', '=', page.id)
        .execute();
      expect(await there()).toEqual({ old: true, fresh: false });
    });

    test('and saved with another file: the old one goes, although nobody loaded it', async () => {
      const page = await db.selectFrom('page').select('id').executeTakeFirstOrThrow();
      await db.updateTable('page').set({ cover: fresh.id }).where('id', '=', page.id).execute();
      expect(await there()).toEqual({ old: false, fresh: true });
    });

    test('and deleted: the file goes', async () => {
      const page = await db.selectFrom('page').select('id').executeTakeFirstOrThrow();
      await db.deleteFrom('page').where('id', '=', page.id).execute();
      expect(await there()).toEqual({ old: false, fresh: false });
    });
  });

  describe('the record is written through another model of the same table', () => {
    test('with another file: the old one goes, the new one stays', async () => {
      await db.updateTable('listed_page').set({ cover: fresh.id }).where('id', '=', 1).execute();
      expect(await there()).toEqual({ old: false, fresh: true });
      expect(await files.filesOf({ type: 'page', id: 1 })).toMatchObject([{ id: fresh.id }]);
    });

    test('and deleted: the file goes', async () => {
      await db.deleteFrom('listed_page').where('id', '=', 1).execute();
      expect(await there()).toEqual({ old: false, fresh: false });
    });
  });

  describe('the record is changed by raw SQL', () => {
    test.for<[string, string, { old: boolean; fresh: boolean }]>([
      ['an update to another file', 'update page set cover = $1', { old: false, fresh: true }],
      ['an update to null', 'update page set cover = nullif($1::uuid, $1)', { old: false, fresh: false }],
      [
        'an update to the same',
        'update page set cover = cover where $1::uuid is not null',
        { old: true, fresh: false },
      ],
      ['a delete', 'delete from page where $1::uuid is not null', { old: false, fresh: false }],
      [
        'a merge',
        `merge into page using (values (1)) new (id) on new.id = page.id when matched then update set cover = $1`,
        { old: false, fresh: true },
      ],
      [
        'a second row with the new file',
        `insert into page values (2, 'Two', null, $1)`,
        { old: true, fresh: true },
      ],
    ])('%s', async ([, sql, expected]) => {
      await pool.query(sql, [fresh.id]);
      expect(await there()).toEqual(expected);
    });

    test('truncate', async () => {
      await pool.query('truncate page');
      expect(await there()).toEqual({ old: false, fresh: false });
    });

    test('in a transaction that rolls back: nothing goes', async () => {
      const client = await registry.database.begun();
      await client.query('update page set cover = $1', [fresh.id]);
      await client.query('rollback');
      expect(await there()).toEqual({ old: true, fresh: false });
    });
  });
});

describe('what none of them does', () => {
  describe('what the database does by itself is counted', () => {
    test('a cascade lets the files of every record go, with nothing said to the registry', async () => {
      await pool.query(`insert into page values (2, 'Two', null, $1)`, [fresh.id]);
      await pool.query('delete from chapter where id = 1');
      expect((await pool.query('select id from page')).rows).toEqual([{ id: 2 }]);
      expect(await there()).toEqual({ old: false, fresh: true });
    });

    test('a bulk statement over thousands of rows counts every one of them', async () => {
      await pool.query(`insert into page select n, 'Many', null, $1 from generate_series(2, 3000) n`, [
        fresh.id,
      ]);
      expect(await files.count([old, fresh])).toEqual([1, 2999]);
      await pool.query('update page set cover = $1 where id between 2 and 1000', [old.id]);
      expect(await files.count([old, fresh])).toEqual([1000, 2000]);
      await pool.query('delete from page where id > 1');
      expect(await there()).toEqual({ old: true, fresh: false });
    });

    test('raw SQL that names no file is refused, and changes nothing', async () => {
      const unknown = '00000000-0000-7000-8000-000000000000';
      await expect(pool.query('update page set cover = $1', [unknown])).rejects.toThrow(unknown);
      expect(await there()).toEqual({ old: true, fresh: false });
    });

    test('raw SQL on the references themselves is counted as well', async () => {
      await registry.attach(fresh, 'by hand');
      await parity.graceEnds();
      await pool.query(`delete from file_registry.file_references where owner_id = 'by hand'`);
      expect(await there()).toEqual({ old: true, fresh: false });
    });
  });
});
