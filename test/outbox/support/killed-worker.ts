import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { WatchedStorage } from './watched-storage.js';

// Drains, and stops for ever where the third argument says: before or after the bytes are deleted. Somebody kills it there.
const [connectionString = '', root = '', where = ''] = process.argv.slice(2);
const storage = new WatchedStorage(localStorage({ root }));
storage.onDelete = async (objects, proceed) => {
  const outcomes = where === 'before' ? [] : await proceed(objects);
  process.send?.({ keys: objects.map(({ key }) => key) });
  await new Promise(() => {});
  return outcomes;
};

@Module({
  imports: [
    FileRegistryModule.forRoot({
      database: new Pool({ connectionString }),
      storages: { media: storage },
      gracePeriodMs: 0,
      unattachedTtlMs: 0,
      processor: { enabled: false },
    }),
  ],
})
class Application {}

const app = await NestFactory.createApplicationContext(Application, { logger: false });
await app.get(OutboxProcessor).drain();
