import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AfterFileDelete,
  type FileDeletion,
  FileRegistryModule,
  localStorage,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { Pool } from 'pg';

// Drains and stops for ever in the hook after. Somebody kills it there.
const [connectionString = '', root = ''] = process.argv.slice(2);

@Injectable()
class Hooks {
  @AfterFileDelete()
  async stop(deletions: readonly FileDeletion[]): Promise<void> {
    process.send?.({ fileIds: deletions.map(({ fileId }) => fileId) });
    await new Promise(() => {});
  }
}

@Module({
  imports: [
    FileRegistryModule.forRoot({
      database: new Pool({ connectionString }),
      storages: { media: localStorage({ root }) },
      gracePeriodMs: 0,
      unattachedTtlMs: 0,
      processor: { enabled: false },
    }),
  ],
  providers: [Hooks],
})
class Application {}

const app = await NestFactory.createApplicationContext(Application, { logger: false });
await app.get(OutboxProcessor).drain();
