import 'reflect-metadata';
import { once } from 'node:events';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { forkTypeScript } from '../support/fork-typescript.js';

@Injectable()
class Clock {
  readonly now = 42;
}

@Injectable()
class Consumer {
  constructor(readonly clock: Clock) {}
}

test('vitest keeps the types that Nest injects by', async () => {
  const module = await Test.createTestingModule({ providers: [Clock, Consumer] }).compile();
  expect(module.get(Consumer).clock.now).toBe(42);
  await module.close();
});

test('so does a forked process', async () => {
  const worker = forkTypeScript(new URL('./nest-worker.ts', import.meta.url));
  const [message] = await once(worker, 'message');
  expect(message).toBe(42);
  await once(worker, 'exit');
});
