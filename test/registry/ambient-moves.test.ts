import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

let active = false;
const registry = await createTestRegistry({
  transaction: { tx: undefined, isTransactionActive: () => active } as never,
});

test('moving, reserving and confirming are refused inside a transaction of the application', async () => {
  const file = await registry.store();
  active = true;
  for (const call of [
    registry.files.move(file, 'media'),
    registry.files.reserveUpload({}),
    registry.files.confirmUpload(file),
  ]) {
    expect(await errorOf(call)).toMatchObject({ code: 'TRANSACTION_ACTIVE' });
  }
  active = false;
  expect(await registry.files.move(file, 'media')).toEqual(file);
});
