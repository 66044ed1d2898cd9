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
import type { KillPoint } from './kill-points.js';

// Works up to the point that the third argument names, says so, and stops there for ever. Somebody kills it.
const [connectionString = '', root = '', point] = process.argv.slice(2) as [string, string, KillPoint];
const disk = localStorage({ root });

async function stop(): Promise<never> {
  process.send?.('here');
  return new Promise<never>(() => undefined);
}

const storage: FileStorage = {
  location: disk.location,
  check: () => disk.check(),
  read: (object, options) => disk.read(object, options),
  stat: (object) => disk.stat(object),
  list: (options) => disk.list(options),
  write: async (key, content, options) => {
    if (point === 'after the reservation, before the first byte') return stop();
    const written = await disk.write(key, content, options);
    return point === 'after the write, before the row' ? stop() : written;
  },
  delete: async (objects, options) => {
    if (point === 'after condemning, before the bytes go') return stop();
    if (point === 'when some of the bytes are gone') {
      await disk.delete(objects.slice(0, 1), options);
      return stop();
    }
    const outcomes = await disk.delete(objects, options);
    return point === 'after the bytes are gone, before the receipt' ? stop() : outcomes;
  },
};

const app = await NestFactory.createApplicationContext(
  FileRegistryModule.forRoot({
    database: new Pool({ connectionString }),
    storages: { media: storage },
    processor: { enabled: false },
  }),
  { logger: false },
);

const content = async function* () {
  yield Buffer.alloc(256 * 1024, 'a');
  if (point === 'in the middle of a write') await stop();
  yield Buffer.alloc(256 * 1024, 'b');
};
await app.get(FileRegistry).store(Readable.from(content()), { filename: 'photo.jpg' });
await app.get(OutboxProcessor).drain();
