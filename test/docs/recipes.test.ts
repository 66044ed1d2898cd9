import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  FileCondemnedError,
  FileHeldError,
  type FileRegistry,
  FileRegistryModule,
  localStorage,
  type StoredFile,
} from 'nestjs-file-registry';
import { beforeEach, expect, test } from 'vitest';
import { removeAvatar, setAvatar } from '../../examples/recipes/avatar.js';
import { drainOnce } from '../../examples/recipes/cron.js';
import type { Database } from '../../examples/recipes/database.js';
import { picturesOf, setDefaultPicture } from '../../examples/recipes/default-picture.js';
import { pruneVersions, saveVersion } from '../../examples/recipes/document-versions.js';
import { importDocuments } from '../../examples/recipes/documents-of-a-bucket.js';
import { erasePerson } from '../../examples/recipes/erase-person.js';
import { addToDraft, dropDraft, submitDraft } from '../../examples/recipes/form-uploads.js';
import { photosOf, setPhotos, trackPhotos } from '../../examples/recipes/gallery.js';
import { holdFilesOf, releaseHold } from '../../examples/recipes/legal-hold.js';
import { referencesOf } from '../../examples/recipes/references-of.js';
import { filesOfRegion, RegionModule } from '../../examples/recipes/regions.js';
import { shareDocument } from '../../examples/recipes/shared-documents.js';
import { softDelete, undelete } from '../../examples/recipes/soft-delete.js';
import { migrateTenants, registrySchema } from '../../examples/recipes/tenant-schemas.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const folders = [await createTemporaryFolder('north'), await createTemporaryFolder('south')];
const { files, processor, pool } = registry;
const db = registry.database.kysely<Database>();
await pool.query(`
  create table album (id integer generated always as identity primary key, photos uuid[] not null);
  create table document (id integer generated always as identity primary key, title text not null, deleted_at timestamptz);
  create table document_version (document_id integer, version integer, primary key (document_id, version));
  create table person (id integer generated always as identity primary key, name text not null);
  create table old_document (id integer primary key, path text not null)`);

let person: number;
beforeEach(async () => {
  const { id } = await db
    .insertInto('person')
    .values({ name: 'Ann' })
    .returning('id')
    .executeTakeFirstOrThrow();
  person = id;
});

const content = (text = 'bytes') => Readable.from([Buffer.from(text)]);
const newDocument = async () =>
  (
    await db
      .insertInto('document')
      .values({ title: 'title', deleted_at: null })
      .returning('id')
      .executeTakeFirstOrThrow()
  ).id;

/** After every period is over, the files that are still there. */
async function staying(...some: readonly StoredFile[]): Promise<boolean[]> {
  await registry.passTime('49 hours');
  await processor.drain();
  return (await files.find(some)).map((file) => file !== null);
}

test('persons without a picture show the default one, which stays', async () => {
  await setDefaultPicture(db, files, content('nobody'));
  const own = await files.store(content('Ann'));
  await registry.attach(own, String(person), 'picture', 'person');

  const [ann, nobody] = await picturesOf(files, [person, 1_000_000]);
  expect(ann?.id).toBe(own.id);
  expect(nobody?.filename).toBe('nobody.png');
  expect(await staying(own, nobody!)).toEqual([true, true]);

  await setDefaultPicture(db, files, content('somebody'));
  expect(await staying(nobody!)).toEqual([false]);
});

test('an avatar is replaced and removed', async () => {
  const first = await setAvatar(db, files, person, content('1'));
  const second = await setAvatar(db, files, person, content('2'));
  expect(await staying(first, second)).toEqual([false, true]);
  await removeAvatar(db, files, person);
  expect(await staying(second)).toEqual([false]);
});

test('an album holds its photos in their order', async () => {
  await trackPhotos(db);
  const photos = await Promise.all(['a', 'b', 'c'].map((text) => files.store(content(text))));
  const { id } = await db
    .insertInto('album')
    .values({ photos: [] })
    .returning('id')
    .executeTakeFirstOrThrow();
  await setPhotos(db, id, photos);
  await setPhotos(db, id, photos.toReversed().slice(1));

  expect((await photosOf(db, files, id)).map((photo) => photo?.id)).toEqual([photos[1]!.id, photos[0]!.id]);
  expect(await staying(...photos)).toEqual([true, true, false]);
});

test('a soft delete can be undone until the files are gone', async () => {
  const id = await newDocument();
  const file = await files.store(content());
  await registry.attach(file, String(id), 'content', 'document');

  await softDelete(db, files, id);
  expect(await undelete(db, files, id)).toBe(1);
  expect(await staying(file)).toEqual([true]);

  await softDelete(db, files, id);
  expect(await staying(file)).toEqual([false]);
  expect(await undelete(db, files, id)).toBe(0);
});

test('a document that is shared keeps its files until the last tenant lets go', async () => {
  const file = await files.store(content());
  const owner = { type: 'document', id: ['north', 1], slot: 'content' };
  await db.transaction().execute((trx) => files.in(trx).attach(file, owner));

  const copy = await shareDocument(db, files, { tenant: 'north', id: 1 }, 'south');
  await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'document', id: ['north', 1] }));
  expect(await staying(file)).toEqual([true]);
  expect(await files.filesOf({ type: 'document', id: ['south', copy] })).toMatchObject([{ id: file.id }]);

  await db.transaction().execute((trx) => files.in(trx).detachAll({ type: 'document', id: ['south', copy] }));
  expect(await staying(file)).toEqual([false]);
});

test('old versions of a document go, the newest stay', async () => {
  for (const version of [1, 2, 3]) {
    await saveVersion(db, files, { document_id: 7, version, content: content(`version ${version}`) });
  }
  await pruneVersions(db, files, 7, 2);
  const held = await files.filesOf(
    [1, 2, 3].map((version) => ({ type: 'document_version', id: [7, version] })),
  );
  expect(held.map((list) => list.length)).toEqual([0, 1, 1]);
  const texts = await Promise.all(
    held.flat().map(async (file) => String(await buffer(await files.read(file)))),
  );
  expect(texts).toEqual(['version 2', 'version 3']);
});

test('objects of a bucket are taken over where they lie, once', async () => {
  await mkdir(join(registry.media.path, 'old'));
  await writeFile(join(registry.media.path, 'old/one.txt'), 'one');
  await pool.query(`insert into old_document values (1, 'old/one.txt'), (2, 'old/two.txt')`);
  expect(await importDocuments(registry.module, pool)).toMatchObject({ taken: 1, missing: 1 });
  expect(await importDocuments(registry.module, pool)).toMatchObject({ taken: 1, files: 0, missing: 1 });
});

test('all references of a file are read, a page at a time', async () => {
  const file = await files.store(content());
  const owners = Array.from({ length: 7 }, (_, id) => ({ type: 'album', id, slot: 'photo' }));
  await db.transaction().execute(async (trx) => {
    await files.in(trx).attachMany(owners.map((owner) => ({ file, owner })));
    await files.in(trx).protect(file); // its owner is of a reserved type, from which a page may go on
  });

  for (const pageSize of [1, 3, 7, 8, undefined]) {
    const ids = [];
    for await (const { id } of referencesOf(files, file, pageSize)) ids.push(id);
    expect(ids).toEqual([...owners.map(({ id }) => String(id)), 'protected']);
  }
});

test('what is uploaded for a form goes to the document, or with the draft', async () => {
  const sent = await addToDraft(db, files, 'draft 1', { content: content(), filename: 'sent.txt' });
  const dropped = await addToDraft(db, files, 'draft 2', { content: content(), filename: 'dropped.txt' });
  const id = await submitDraft(db, files, 'draft 1', 'title');
  await dropDraft(db, files, 'draft 2');

  expect(await files.filesOf({ type: 'document', id })).toMatchObject([{ id: sent.id }]);
  expect(await files.filesOf({ type: 'draft', id: 'draft 1' })).toEqual([]);
  expect(await staying(sent, dropped)).toEqual([true, false]);
});

test('a person is erased with everything, unless there is a hold', async () => {
  const avatar = await setAvatar(db, files, person, content());
  await holdFilesOf(db, files, person, 'case 7');
  await expect(erasePerson(db, files, person)).rejects.toThrow(FileHeldError);
  expect(await files.count(avatar)).toBe(2);

  await releaseHold(db, files, [avatar.id], 'case 7');
  expect(await erasePerson(db, files, person)).toMatchObject([{ id: avatar.id, key: avatar.key }]);
  await expect(files.read(avatar)).rejects.toThrow(FileCondemnedError);
  expect(await registry.deletion(avatar)).toMatchObject({ filename: null });
  await processor.drain();
  expect(await registry.hasBytes(avatar)).toBe(false);
});

test('a job drains by itself and ends', async () => {
  const file = await files.store(content());
  await registry.passTime('25 hours');

  @Module({
    imports: [
      FileRegistryModule.forRoot({
        database: registry.database.pool(),
        storages: { media: localStorage({ root: registry.media.path }) },
        processor: { enabled: false },
      }),
    ],
  })
  class JobModule {}
  expect(await drainOnce(JobModule, 10_000)).toMatchObject({ obstacle: null });
  expect(await registry.hasBytes(file)).toBe(false);
});

test('each region has files of its own, each tenant a schema', async () => {
  await migrateTenants(pool, ['north', 'south']);
  const module = await Test.createTestingModule({
    imports: ['north', 'south'].map((region, index) =>
      RegionModule.forRoot(region, {
        database: registry.database.pool(),
        schema: registrySchema(region),
        storages: { media: localStorage({ root: folders[index]!.path }) },
        processor: { enabled: false },
      }),
    ),
  }).compile();
  const [north, south] = ['north', 'south'].map((region) => module.get<FileRegistry>(filesOfRegion(region)));

  const file = await north!.store(content());
  expect(await north!.find(file)).not.toBeNull();
  expect(await south!.find(file)).toBeNull();
  expect(await folders[0]!.files()).toEqual([file.key]);
  await module.close();
});
