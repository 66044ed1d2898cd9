import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Kysely, PostgresDialect } from 'kysely';
import {
  AfterFileDelete,
  type FailedFileDeletion,
  type FileDeletion,
  type FileHookContext,
  FileRegistry,
  FileRegistryModule,
  localStorage,
  migrate,
  OnFileDeleteFailed,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const db = new Kysely<{ article: { id: number } }>({ dialect: new PostgresDialect({ pool }) });

@Injectable()
class Cdn {
  private readonly logger = new Logger(Cdn.name);

  @AfterFileDelete({ ignore: ['invoice'], batchSize: 30, timeoutMs: 10_000 })
  async purge(deletions: readonly FileDeletion[], { signal }: FileHookContext): Promise<void> {
    const response = await fetch(`${process.env.CDN_URL}/purge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ paths: deletions.map(({ key }) => `/media/${key}`) }),
      signal,
    });
    if (!response.ok) {
      throw new Error(`the CDN answered ${response.status}`);
    }
  }

  @OnFileDeleteFailed()
  alarm(failures: readonly FailedFileDeletion[]): void {
    for (const { key, error } of failures.filter(({ willRetry }) => !willRetry)) {
      this.logger.error(`${key} is stuck: ${error}`);
    }
  }
}

@Module({
  imports: [
    FileRegistryModule.forRoot({
      database: db,
      storages: { media: localStorage({ root: './media' }) },
      gracePeriodMs: 0,
      processor: { enabled: false }, // and no schedule: this script drains by itself
    }),
  ],
  providers: [Cdn],
})
class AppModule {}

await mkdir('./media', { recursive: true });
await migrate(db);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
const files = app.get(FileRegistry);

for (const type of ['article', 'invoice']) {
  const file = await files.store(Buffer.from(type), { filename: `${type}.txt` });
  const owner = { type, id: 1, slot: 'cover' };
  await db.transaction().execute((trx) => files.in(trx).attach(file, owner));
  await db.transaction().execute((trx) => files.in(trx).detach(file, owner));
}
const { deleted, failed } = await app.get(OutboxProcessor).drain();
console.log(`${deleted} deleted, ${failed} failed`);

await app.close();
await db.destroy();
