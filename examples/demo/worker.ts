/**
 * The application once more, as a process that runs the processor. Told 'stall', it deletes bytes and never gets to writing
 * that down, so that it can be killed at the one moment that matters.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type FileStorage, localStorage } from 'nestjs-file-registry';
import { AppModule } from '../app/app.module.js';
import { settings } from './settings.js';

let stalling = false;
const disk = localStorage({ root: process.env['MEDIA_ROOT'] ?? '' });
const media: FileStorage = {
  ...disk,
  async delete(objects, options) {
    const outcomes = await disk.delete(objects, options);
    if (stalling) {
      process.send?.('bytes deleted');
      await new Promise(() => {});
    }
    return outcomes;
  },
};

// A terminal sends Ctrl-C to this process, too; the demo ends it.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
process.on('message', (message) => (stalling = message === 'stall'));

const app = await NestFactory.createApplicationContext(
  AppModule.forRoot(settings(process.env['DATABASE_URL'] ?? '', media, { isWorker: true })),
  { logger: ['error', 'warn'] },
);
process.once('disconnect', () => void app.close().then(() => process.exit()));
process.send?.('ready');
