import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { localStorage, type StoredFile } from 'nestjs-file-registry';
import type { ClientBase, Pool } from 'pg';
import type { Bench, BenchContext } from './support/bench.js';
import { fillRegistry } from './support/fill-registry.js';
import { type JobQueueName, jobQueueNames, openJobQueue } from './support/job-queue.js';
import { type MadeFile, makeFiles, nameFiles, removeEmptied } from './support/make-files.js';
import { openRegistry } from './support/open-registry.js';
import { rounds } from './support/rounds.js';
import { percentile } from './support/statistics.js';
import { unlinkFiles } from './support/unlink-files.js';

interface LatencySystem extends AsyncDisposable {
  readonly pool: Pool;
  detach(client: ClientBase, file: MadeFile, number: number): Promise<unknown>;
}

type Open = (context: BenchContext, root: string, files: readonly MadeFile[]) => Promise<LatencySystem>;

const intervalDefaultMs = 1000;
const intervalSmallMs = 20;
const reference = `registry, every ${intervalDefaultMs} ms (default)`;

const systems: Readonly<Record<string, Open>> = {
  [reference]: withRegistry(intervalDefaultMs),
  [`registry, every ${intervalSmallMs} ms`]: withRegistry(intervalSmallMs),
  ...Object.fromEntries(jobQueueNames.map((name) => [`${name}, LISTEN/NOTIFY`, withQueue(name)])),
};

/** Commits are spread over so many intervals of the slowest system, and a moment of each is as likely as any other. */
const windowMs = 2 * intervalDefaultMs;
const patienceMs = 180_000;

export const latency: Bench = {
  name: 'latency',
  what: 'from the commit to the bytes gone, without a grace period',
  async run(context) {
    const n = context.size === 'small' ? 10 : 50;
    for await (const { round, subject } of rounds(context.samples, Object.entries(systems))) {
      const [name, open] = subject;
      context.progress(`latency, round ${round + 1}: ${name}`);
      const latencies = await sample(context, name, open, n);
      for (const percent of [50, 95]) {
        context.results.add(
          { name: `commit to bytes gone, p${percent}`, n, unit: 'ms', ratio: { to: reference } },
          name,
          percentile(latencies, percent),
        );
      }
    }
  },
};

async function sample(context: BenchContext, name: string, open: Open, n: number): Promise<number[]> {
  const files = nameFiles(n);
  const root = await context.media.folder();
  await makeFiles(root, files);
  await context.media.sync();
  const latencies = await detachAll(await open(context, root, files), root, files);
  await removeEmptied(root, name);
  return latencies;
}

async function detachAll(opened: LatencySystem, root: string, files: readonly MadeFile[]): Promise<number[]> {
  await using system = opened;
  return await Promise.all(
    files.map(async (file, index) => {
      await pause(Math.random() * windowMs);
      const client = await system.pool.connect();
      try {
        await client.query('begin');
        await system.detach(client, file, index + 1);
        await client.query('commit');
      } finally {
        client.release();
      }
      return untilGone(join(root, file.key));
    }),
  );
}

async function untilGone(path: string): Promise<number> {
  const committedAt = performance.now();
  while (existsSync(path)) {
    if (performance.now() - committedAt > patienceMs)
      throw new Error(`the bytes are there after ${patienceMs} ms`);
    await pause(1);
  }
  return performance.now() - committedAt;
}

function withRegistry(intervalMs: number): Open {
  return async ({ server }, root, files) => {
    const database = await server.create({ registry: true });
    const pool = database.pool({ max: 10 });
    await fillRegistry(pool, files, 'cover');
    const registry = await openRegistry({
      database: pool,
      storages: { media: localStorage({ root }) },
      gracePeriodMs: 0,
      processor: { enabled: true, intervalMs },
    });
    return {
      pool,
      detach: (client, file, number) =>
        registry.files
          .in(client as never)
          .detach(file as StoredFile, { type: 'article', id: number, slot: 'cover' }),
      async [Symbol.asyncDispose]() {
        await registry[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  };
}

function withQueue(name: JobQueueName): Open {
  return async ({ server }, root) => {
    const database = await server.create({ registry: false });
    const queue = await openJobQueue(name, database, { keysPerJob: 1, tuning: 'defaults' });
    const worker = await queue.work((keys) => unlinkFiles(root, keys));
    return {
      pool: database.pool({ max: 10 }),
      detach: (client, { key }) => queue.enqueue(client, [{ keys: [key] }]),
      async [Symbol.asyncDispose]() {
        await worker.stop();
        await queue[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  };
}
