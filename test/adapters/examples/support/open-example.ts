import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { OutboxProcessor } from 'nestjs-file-registry';
import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import { assertLaws } from '../../../support/assert-laws.js';
import { createTemporaryFolder } from '../../../support/create-temporary-folder.js';
import { createTestDatabase } from '../../../support/create-test-database.js';
import type { TemporaryFolder } from '../../../support/temporary-folder.js';
import type { TestDatabase } from '../../../support/test-database.js';
import { type Example, folderOf } from './example.js';
import type { ExampleArticles, ExampleAuthors } from './example-application.js';

export interface OpenExample {
  readonly articles: ExampleArticles;
  readonly authors: ExampleAuthors;
  readonly database: TestDatabase;
  readonly admin: Pool;
  readonly media: TemporaryFolder;

  /** Lets everything that is due go, and answers the contents of all files that are left, in order. */
  left(): Promise<string[]>;
}

/** Boots an example on a database and a folder of its own, for the suite that calls it at its top level. */
export async function openExample(example: Example): Promise<OpenExample> {
  const database = await createTestDatabase();
  const media = await createTemporaryFolder(example.name);
  const admin = database.pool();
  await admin.query('drop schema file_registry cascade');
  await example.migrate(database);

  const load = (file: string): Promise<any> => import(join(folderOf(example.name), 'src', file));
  const { AppModule } = await load('app.module.ts');
  const module = await Test.createTestingModule({
    imports: [
      AppModule.forRoot({
        databaseUrl: database.connectionString,
        mediaRoot: media.path,
        gracePeriodMs: 0,
        unattachedTtlMs: 0,
        processor: { enabled: false },
      }),
    ],
  }).compile();
  await module.init();
  afterAll(() => module.close());

  const { Articles } = await load('articles.ts');
  const { Authors } = await load('authors.ts');
  return {
    articles: module.get(Articles, { strict: false }),
    authors: module.get(Authors, { strict: false }),
    database,
    admin,
    media,
    async left() {
      await module.get(OutboxProcessor, { strict: false }).drain();
      await assertLaws({ admin, storages: { media: media.path } });
      const paths = await media.files();
      return (await Promise.all(paths.map((path) => readFile(join(media.path, path), 'utf8')))).toSorted();
    },
  };
}
