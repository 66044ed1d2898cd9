import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';

const registry = await createWatchedRegistry({
  gracePeriodMs: 0,
  receiptRetentionMs: 0,
  processor: { leaseMs: 1000, backoffBaseMs: 1, backoffMaxMs: 1 },
});
const { files, processor, storage } = registry;
const key = 'legacy/photo.jpg';

async function place(content: string): Promise<void> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

test('a key that was adopted is not free for a day, so that a deletion that lands late meets nothing new', async () => {
  await place('old');
  const old = await files.adopt(key);
  await registry.db.transaction().execute((trx) => files.in(trx).erase(old));

  await processor.drain();
  expect(storage.keys).toEqual([key]);
  await place('new');
  await processor.drain();
  await expect(files.adopt(key)).rejects.toMatchObject({ code: 'KEY_BUSY' });

  await registry.passTime('23 hours');
  await processor.drain();
  await expect(files.adopt(key)).rejects.toMatchObject({ code: 'KEY_BUSY' });
  await registry.passTime('2 hours');
  expect(await processor.drain()).toMatchObject({ prunedReceipts: 1 });
  expect(await files.adopt(key)).toMatchObject({ key });
  await registry.assertLaws();
});

test('the receipt of a generated key goes when its retention is over: that key is never used again', async () => {
  await registry.empty();
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  await processor.drain();
  expect(await registry.deletion(file)).toBeUndefined();
});
