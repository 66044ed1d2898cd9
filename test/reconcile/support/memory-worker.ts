import { readFileSync } from 'node:fs';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FileReconciler, FileRegistryModule, localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { generatedStorage } from './generated-storage.js';

/** Reconciles a folder, or so many generated objects, and tells what was found, how fast, and the most memory it ever took. */
const [connectionString, root = '', count = '0', verify = 'size'] = process.argv.slice(2);
const pool = new Pool({ connectionString });
const module = FileRegistryModule.forRoot({
  database: pool,
  storages: { media: root === '' ? generatedStorage(Number(count)) : localStorage({ root }) },
  processor: { enabled: false },
});
const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
const reconciler = app.get(FileReconciler);

const startMiB = process.memoryUsage.rss() / 1024 ** 2;
const startedAt = performance.now();
const report = await reconciler.reconcile({ minAgeMs: 0, verify: verify as 'size' });
const seconds = (performance.now() - startedAt) / 1000;
process.send?.({ report, seconds, startMiB, peakMiB: peakKiB() / 1024 });
await app.close();
await pool.end();
process.disconnect?.();

/** On Linux a process that was forked begins with the peak of its parent as its own `maxRSS`. */
function peakKiB(): number {
  if (process.platform !== 'linux') {
    return process.resourceUsage().maxRSS;
  }
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(peak);
}
