import { expect, test } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';
import { errorOf } from './error-of.js';

const registry = await createTestRegistry();
const { files, processor } = registry;
const file = await registry.store();

const verbs: Record<string, (options: never) => Promise<unknown>> = {
  store: (options) => files.store(Buffer.from('bytes'), options),
  read: (options) => files.read(file, options),
  move: (options) => files.move(file, 'media', options),
  adopt: (options) => files.adopt('key', options),
  references: (options) => files.references(file, options),
  url: (options) => files.url(file, options),
  confirmUpload: (options) => files.confirmUpload(file, options),
};

test.for(Object.keys(verbs).flatMap((verb) => [null, 5, 'text'].map((value) => [verb, value] as const)))(
  'the options of %s are no %o',
  async ([verb, value]) => {
    expect(await errorOf(verbs[verb]!(value as never))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('options: expected an object'),
      context: { value },
    });
  },
);

test('the signal of a read is one', async () => {
  expect(await errorOf(files.read(file, { signal: 'now' as never }))).toMatchObject({
    code: 'INVALID_OPTION',
    context: { option: 'signal' },
  });
});

test.for([Number.NaN, -1, Infinity, 0.5, 3_600_001, '1', null])(
  'the health of the outbox is no %o ms old',
  async (maxAgeMs) => {
    expect(await errorOf(processor.health({ maxAgeMs: maxAgeMs as number }))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('maxAgeMs: expected a whole number of milliseconds from 0 to 3600000'),
    });
  },
);
