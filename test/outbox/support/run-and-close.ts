import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { FileRegistryModule, localStorage, OutboxProcessor } from 'nestjs-file-registry';
import { Pool } from 'pg';

// Runs an application with a schedule, closes it, and does nothing to end the process.
const [connectionString = '', root = ''] = process.argv.slice(2);
const pool = new Pool({ connectionString });

@Module({
  imports: [
    ScheduleModule.forRoot(),
    FileRegistryModule.forRoot({ database: pool, storages: { archive: localStorage({ root }) } }),
  ],
})
class Application {}

const app = await NestFactory.createApplicationContext(Application, { logger: false });
await app.get(OutboxProcessor).drain();
await app.close();
await pool.end();
process.send?.({ closed: true });
process.disconnect?.();
