import { rmSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { Kysely, PostgresDialect } from 'kysely';
import { type FileRegistryTables, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { TemporaryFolder } from '../../test/support/temporary-folder.js';
import { AppModule } from '../app/app.module.js';
import { Articles } from '../app/articles.js';
import type { Database } from '../app/database.module.js';
import { migrateToLatest } from '../app/migrations.js';
import { createDemoDatabase } from './demo-database.js';
import type { Picture } from './find-pictures.js';
import { periods, settings } from './settings.js';
import { Stage } from './stage.js';
import { paragraph } from './terminal.js';

/** Starts PostgreSQL, migrates, makes a folder for the bytes and boots the application. Disposing of the stage undoes it all. */
export async function openStage(pictures: readonly Picture[], interruption: AbortController): Promise<Stage> {
  await using disposal = new AsyncDisposableStack();
  const database = await createDemoDatabase(disposal);
  const folder = await TemporaryFolder.create('demo');
  disposal.defer(() => folder.remove());
  // Should anything go wrong that nobody expected.
  process.once('exit', () => rmSync(folder.path, { recursive: true, force: true }));

  const pool = new Pool({ connectionString: database.connectionString });
  pool.on('error', (error) => interruption.abort(error));
  disposal.defer(() => pool.end());
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  await migrateToLatest(db);

  const media = localStorage({ root: folder.path });
  const app = await NestFactory.createApplicationContext(
    AppModule.forRoot(settings(database.connectionString, media, { isWorker: false })),
    { logger: ['error', 'warn'], abortOnError: false },
  );
  disposal.defer(() => app.close());

  interruption.signal.throwIfAborted();
  paragraph(
    `${database.server}, the files in ${folder.path}, both gone at the end. The application runs in this process; a worker ` +
      'beside it runs the processor. For the show, periods are short: ' +
      `a file that lost its last reference stays for ${periods.gracePeriodMs} ms, one that was stored and never ` +
      `attached for ${periods.unattachedTtlMs} ms, and a worker's lease ends after ${periods.leaseMs} ms.`,
  );
  const stage = new Stage({
    pictures,
    interruption,
    pool,
    mediaRoot: folder.path,
    articles: app.get(Articles),
    tables: (db as unknown as Kysely<FileRegistryTables>).withSchema('file_registry'),
    connectionString: database.connectionString,
    disposal: disposal.move(),
  });
  try {
    await stage.startWorker();
    return stage;
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}
