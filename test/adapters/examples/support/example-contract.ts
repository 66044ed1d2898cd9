import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runScript } from '../../../examples/run-script.js';
import { errorOf } from '../../../registry/error-of.js';
import { createTemporaryFolder } from '../../../support/create-temporary-folder.js';
import type { ExampleDraft, ExampleUpload } from './example-application.js';
import { type Example, folderOf } from './example.js';
import { openExample } from './open-example.js';

const upload = (content: string): ExampleUpload => ({
  content: Buffer.from(content),
  filename: `${content}.jpg`,
});
const draft = (title: string): ExampleDraft => ({
  title,
  cover: upload(`${title} cover`),
  gallery: [upload(`${title} 1`), upload(`${title} 2`)],
});
const filesOf = (title: string) => [`${title} 1`, `${title} 2`, `${title} cover`];

/** What holds for the application of every example. Call it at the top level of a suite. */
export async function exampleContract(example: Example): Promise<void> {
  const { articles, authors, admin, database, left } = await openExample(example);
  const temporary = await createTemporaryFolder('example');

  afterEach(async () => {
    await admin.query('delete from author');
    expect(await left()).toEqual([]);
  });

  test('a row holds the files that its columns name', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    const article = await articles.create(author.id, draft('a'));

    expect(article.gallery).toHaveLength(2);
    expect(await left()).toEqual([...filesOf('a'), 'avatar']);
  });

  test('what is replaced goes, what stays is left alone', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    const { id, coverId } = await articles.create(author.id, draft('a'));

    const changed = await articles.update(id, { cover: upload('other cover') });
    expect(changed.coverId).not.toBe(coverId);
    expect(await left()).toEqual(['a 1', 'a 2', 'avatar', 'other cover']);

    await articles.update(id, { title: 'another title', gallery: [upload('b 1')] });
    expect(await left()).toEqual(['avatar', 'b 1', 'other cover']);
  });

  test('the files of a deleted row go', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    const { id } = await articles.create(author.id, draft('a'));
    await articles.create(author.id, draft('b'));

    await articles.remove(id);
    expect(await left()).toEqual(['avatar', ...filesOf('b')]);
  });

  test('an author takes the articles and their files along', async () => {
    const ada = await authors.create('Ada', upload('avatar'));
    const grace = await authors.create('Grace', upload('another avatar'));
    await articles.create(ada.id, draft('a'));
    await articles.create(ada.id, draft('b'));
    await articles.create(grace.id, draft('c'));

    await authors.remove(ada.id);
    expect(await left()).toEqual(['another avatar', ...filesOf('c')]);
  });

  test('an article that is taken out of the bin in time has its files', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    const { id } = await articles.create(author.id, draft('a'));

    await articles.softRemove(id);
    await articles.restore(id);
    expect(await left()).toEqual([...filesOf('a'), 'avatar']);
  });

  test('the files of an article in the bin go, and then it cannot be taken out as it was', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    const { id } = await articles.create(author.id, draft('a'));

    await articles.softRemove(id);
    expect(await left()).toEqual(['avatar']);

    expect(await errorOf(articles.restore(id))).toMatchObject(example.refusal);
    const { rows } = await admin.query('select deleted_at is not null as deleted from article');
    expect(rows).toEqual([{ deleted: true }]);
  });

  test('a transaction that fails leaves nothing', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    await articles.createAll(author.id, [draft('a'), draft('b')]);

    const failed = articles.createAll(author.id, [draft('c'), { ...draft('d'), title: 'a' }]);
    expect(await errorOf(failed)).toBeInstanceOf(Error);
    expect(await left()).toEqual([...filesOf('a'), 'avatar', ...filesOf('b')]);
  });

  test('one statement deletes many', async () => {
    const author = await authors.create('Ada', upload('avatar'));
    await articles.createAll(author.id, [draft('a'), draft('b'), draft('c')]);

    await articles.removeAllOf(author.id);
    expect(await left()).toEqual(['avatar']);
  });

  test('its services call nothing of the registry but store', () => {
    for (const file of ['articles.ts', 'authors.ts']) {
      const source = readFileSync(join(folderOf(example.name), 'src', file), 'utf8');
      const imported = source.match(/^import (.*) from 'nestjs-file-registry.*';$/gm);
      expect(imported).toEqual(["import { FileRegistry } from 'nestjs-file-registry';"]);
      const uses = source.match(/\bthis\.files\b.{0,7}/g) ?? [];
      expect(new Set(uses)).toEqual(new Set(['this.files.store(']));
    }
  });

  test('it starts, and ends when it is told to', async () => {
    const {
      process: child,
      prints,
      ended,
    } = runScript(`${example.name}/src/main.ts`, {
      env: {
        DATABASE_URL: database.connectionString,
        MEDIA_ROOT: join(temporary.path, 'media'),
      },
    });
    await prints('ready');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ stdout: 'ready\n', stderr: '' });
  });
}
