import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const mediaRoot = process.env['MEDIA_ROOT'] ?? './media';
await mkdir(mediaRoot, { recursive: true });
const app = await NestFactory.createApplicationContext(
  AppModule.forRoot({ databaseUrl: process.env['DATABASE_URL'] ?? '', mediaRoot }),
  { logger: ['error', 'warn'] },
);
app.enableShutdownHooks();
console.log('ready');
