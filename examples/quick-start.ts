import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Kysely, PostgresDialect } from 'kysely';
import { FileRegistry, FileRegistryModule, localStorage, migrate } from 'nestjs-file-registry';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', console.error); // a connection that breaks, idle or in use, must not end the process
pool.on('connect', (client) => client.on('error', console.error));
const db = new Kysely<{ article: { id: number } }>({ dialect: new PostgresDialect({ pool }) });

@Module({
  imports: [
    ScheduleModule.forRoot(),
    FileRegistryModule.forRoot({ database: db, storages: { media: localStorage({ root: './media' }) } }),
  ],
})
class AppModule {}

await mkdir('./media', { recursive: true });
await migrate(db);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
const files = app.get(FileRegistry);

const photo = await files.store(Buffer.from('any stream, buffer or blob'), { filename: 'photo.jpg' });
await db.transaction().execute(async (trx) => {
  // Beside the statements that write the article. If they are rolled back, so is this, and the photo goes by itself.
  await files.in(trx).attach(photo, { type: 'article', id: 1, slot: 'cover' });
});
console.log(`${photo.filename}: ${photo.size} bytes, ${await files.count(photo)} reference`);

await app.close();
await db.destroy();
