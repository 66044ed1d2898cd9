import 'reflect-metadata';
import { PassThrough } from 'node:stream';
import { NestFactory } from '@nestjs/core';
import { FileRegistry, FileRegistryModule, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';

const [connectionString, root = ''] = process.argv.slice(2);
const module = FileRegistryModule.forRoot({
  database: new Pool({ connectionString }),
  storages: { media: localStorage({ root }) },
  processor: { enabled: false },
});
const app = await NestFactory.createApplicationContext(module, { logger: false });

// Never ends: somebody kills this process.
const content = new PassThrough();
content.write('half of it');
await app.get(FileRegistry).store(content, { filename: 'half.txt' });
