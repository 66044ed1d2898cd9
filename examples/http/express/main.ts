import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { settingsFromEnvironment } from '../settings.js';
import { ExpressAppModule } from './app.module.js';

const app = await NestFactory.create(ExpressAppModule.forRoot(await settingsFromEnvironment()));
app.enableShutdownHooks();
await app.listen(3000);
