import 'reflect-metadata';
import { Readable } from 'node:stream';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, FileRegistryModule, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';

const MiB = 1024 ** 2;
const [connectionString, root = ''] = process.argv.slice(2);
const pool = new Pool({ connectionString });
const module = FileRegistryModule.forRoot({
  database: pool,
  storages: { media: localStorage({ root }) },
  processor: { enabled: false },
});
const app = await NestFactory.createApplicationContext(module, { logger: false });
const files = app.get(FileRegistry);

/** The same memory again and again, so that nothing but the way of the bytes is measured. */
const chunk = Buffer.alloc(MiB, 'registry');

function content(sizeMiB: number, onRead: () => void = () => undefined): Readable {
  let left = sizeMiB;
  return new Readable({
    read() {
      onRead();
      this.push(left-- > 0 ? chunk : null);
    },
  });
}

await files.store(content(128));
const baseline = process.memoryUsage.rss();
let peak = baseline;
const sample = () => (peak = Math.max(peak, process.memoryUsage.rss()));
const file = await files.store(content(2048, sample));

process.send?.({ size: file.size, risenMiB: (peak - baseline) / MiB });
await app.close();
await pool.end();
process.disconnect?.();
