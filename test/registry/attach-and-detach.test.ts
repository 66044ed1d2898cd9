import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const { files, processor, db } = registry;

test('a stored file is found, read and counted', async () => {
  const file = await registry.store('hello');

  expect(await files.find(file)).toEqual(file);
  expect(await (await files.read(file)).toArray()).toEqual([Buffer.from('hello')]);
  expect(await files.count(file)).toBe(0);
  expect(file).toMatchObject({ filename: 'photo.jpg', contentType: 'image/jpeg', size: 5, storage: 'media' });
});

test('a file that nobody holds any more goes after its grace period, with its bytes and a receipt', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');

  await processor.drain();
  expect(await registry.hasBytes(file)).toBe(true);

  await registry.passTime('25 hours');
  expect(await processor.drain()).toMatchObject({ deleted: expect.any(Number) });
  expect(await registry.hasBytes(file)).toBe(false);
  expect(await registry.deletion(file)).toMatchObject({ state: 'deleted', reason: 'detached', attempts: 1 });
  await registry.assertLaws();
});
