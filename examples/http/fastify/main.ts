import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { settingsFromEnvironment } from '../settings.js';
import { FastifyAppModule } from './app.module.js';

const app = await NestFactory.create<NestFastifyApplication>(
  FastifyAppModule.forRoot(await settingsFromEnvironment()),
  new FastifyAdapter(),
);
app.enableShutdownHooks();
await app.listen(3000);
