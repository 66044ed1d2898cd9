import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
class Clock {
  readonly now = 42;
}

@Injectable()
class Consumer {
  constructor(readonly clock: Clock) {}
}

@Module({ providers: [Clock, Consumer] })
class Root {}

const app = await NestFactory.createApplicationContext(Root, { logger: false });
process.send?.(app.get(Consumer).clock.now);
await app.close();
process.disconnect?.();
