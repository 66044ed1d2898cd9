import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { forkMemoryWorker } from './support/compiled-worker.js';
import { generatedRows } from './support/generated-storage.js';

const database = await createTestDatabase();
const compiled = await createTemporaryFolder('compiled');
const objects = 200_000;

test('memory does not grow with the number of objects and rows: a process stays below 150 MiB', async () => {
  await database.pool().query(generatedRows(objects));
  const worker = await forkMemoryWorker(compiled.path, [database.connectionString, '', String(objects)]);
  const ended = once(worker, 'exit');
  const [message] = await Promise.race([once(worker, 'message'), ended]);
  expect(message, 'what the process told before it ended').toBeTypeOf('object');
  const { report, peakMiB } = message;
  await ended;

  const each = objects / 1000;
  expect(report).toMatchObject({
    objects: objects - each,
    files: objects - each,
    orphans: { count: each },
    dangling: { count: each },
    mismatches: { count: 0 },
  });
  expect(peakMiB).toBeLessThan(150);
}, 120_000);
