import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FileRegistry } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { expect, onTestFinished, test } from 'vitest';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import { createTestDatabase } from '../../support/create-test-database.js';

const database = await createTestDatabase();
const folder = await createTemporaryFolder('ambient');

test('the example attaches what it publishes, and nothing where that fails', async () => {
  const before = { folder: process.cwd(), url: process.env['DATABASE_URL'] };
  onTestFinished(() => {
    process.chdir(before.folder);
    if (before.url === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = before.url;
  });
  await mkdir(join(folder.path, 'media'));
  process.chdir(folder.path);
  process.env['DATABASE_URL'] = database.connectionString;

  const { AppModule, Articles } = await import('./application.js');
  const application = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  onTestFinished(async () => {
    await application.close();
    await application.get(DataSource).destroy();
    await application.get(Pool).end();
  });

  const files = application.get(FileRegistry, { strict: false });
  const articles = application.get(Articles);
  const photo = await files.store(Buffer.from('bytes'), { filename: 'photo.jpg' });

  const article = await articles.publish('A title', photo);
  expect(await files.references(photo)).toMatchObject([
    { type: 'article', id: `${article.id}`, slot: 'cover' },
  ]);

  const missing = { ...photo, id: '01987654-3210-7000-8000-000000000000' };
  await expect(articles.publish('Another', missing)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  const { rows } = await database.pool().query('select title from article');
  expect(rows).toEqual([{ title: 'A title' }]);
});
