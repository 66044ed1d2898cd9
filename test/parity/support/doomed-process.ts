import 'reflect-metadata';
import { Readable } from 'node:stream';
import { NestFactory } from '@nestjs/core';
import {
  FileRegistry,
  FileRegistryModule,
  type FileStorage,
  localStorage,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { Pool } from 'pg';
import type { DoomedPoint } from './doomed-points.js';

// Gives article 1 another cover and deletes the old one, up to the point of the third argument. Somebody kills it there.
const [connectionString = '', root = '', point] = process.argv.slice(2) as [string, string, DoomedPoint];
const disk = localStorage({ root });
const pool = new Pool({ connectionString });

async function at(here: DoomedPoint): Promise<void> {
  if (here !== point) return;
  process.send?.('here');
  await new Promise<never>(() => undefined);
}

const storage: FileStorage = {
  ...disk,
  write: async (...args) => {
    const written = await disk.write(...args);
    await at('when the bytes are there and their row is not');
    return written;
  },
  delete: async (...args) => {
    await at('when the old file is condemned and its bytes are there');
    const outcomes = await disk.delete(...args);
    await at('when the old bytes are gone and there is no receipt');
    return outcomes;
  },
};

const app = await NestFactory.createApplicationContext(
  FileRegistryModule.forRoot({
    database: pool,
    storages: { media: storage },
    gracePeriodMs: 0,
    processor: { enabled: false },
  }),
  { logger: false },
);
const files = app.get(FileRegistry);

async function* content() {
  yield Buffer.alloc(128 * 1024, 'n');
  await at('in the middle of an upload');
  yield Buffer.from('ew');
}

const fresh = await files.store(Readable.from(content()), { filename: 'new.jpg' });
await at('between the upload and the transaction');
const client = await pool.connect();
await client.query('begin');
await client.query(`update article set title = 'With another cover' where id = 1`);
await files.in(client).replace({ type: 'article', id: 1, slot: 'cover' }, fresh);
await at('in the transaction, before the commit');
await client.query('commit');
await at('after the commit');
await app.get(OutboxProcessor).drain();
