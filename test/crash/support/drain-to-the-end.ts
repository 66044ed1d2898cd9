import { NestFactory } from '@nestjs/core';
import { FileRegistryModule, OutboxProcessor } from 'nestjs-file-registry';
import type { Pool } from 'pg';
import { passTime } from '../../support/pass-time.js';
import { periods } from './arena.js';
import { JournalingStorage } from './journaling-storage.js';

/** Intents and deletions become due, leases end and abandoned uploads go a second time: a handful of rounds at the most. */
const roundsMax = 10;

/** One worker on a storage without faults does everything there is to do, and lets time pass for what is not due yet. */
export async function drainToTheEnd(admin: Pool, folder: string): Promise<void> {
  const app = await NestFactory.createApplicationContext(
    FileRegistryModule.forRoot({
      database: admin,
      storages: { media: new JournalingStorage(folder, 'clean-worker') },
      migrate: 'off',
      ...periods,
      processor: { enabled: false },
    }),
    { logger: false, abortOnError: false },
  );
  try {
    const processor = app.get(OutboxProcessor);
    for (let round = 0; round < roundsMax; round++) {
      await passTime(admin, '1 hour');
      await processor.retryStuck();
      await processor.drain();
      const { pending, reserved, condemned } = await processor.stats();
      if (pending + reserved + condemned === 0) return;
    }
  } finally {
    await app.close();
  }
}
