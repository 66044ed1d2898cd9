import { type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type DrainResult, OutboxProcessor } from 'nestjs-file-registry';

/**
 * What a cron job or a serverless function calls. The module has `processor: { enabled: false }`. Works until nothing is due, or
 * until the time is up: what is left is done by the next call.
 */
export async function drainOnce(module: Type | DynamicModule, maxMs: number): Promise<DrainResult> {
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  const processor = app.get(OutboxProcessor, { strict: false });
  const timer = setTimeout(() => void processor.stop(), maxMs);
  try {
    return await processor.drain();
  } finally {
    clearTimeout(timer);
    await app.close();
  }
}
