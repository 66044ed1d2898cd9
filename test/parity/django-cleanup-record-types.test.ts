import type { FileRegistryOptions, StoredFile } from 'nestjs-file-registry';
import { afterAll, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { registry } = parity;

async function processorOf(ownerTypes: NonNullable<FileRegistryOptions['ownerTypes']>) {
  const other = await registry.another({ ownerTypes });
  afterAll(() => other.module.close());
  return other.processor;
}

const ignoring = await processorOf({ ignore: ['invoice'] });
const choosing = await processorOf({ only: ['article'] });

/** Of each type of record one file that was let go of a day ago, and one that was never held. */
async function letGo(...types: string[]) {
  const never = await registry.store('never held');
  const files: StoredFile[] = [];
  for (const type of types) {
    const file = await registry.store(type);
    await registry.attach(file, '1', 'scan', type);
    files.push(file);
  }
  for (const [n, file] of files.entries()) await registry.detach(file, '1', 'scan', types[n]);
  await registry.passTime('25 hours');
  return [...files, never];
}

describe('django-cleanup', () => {
  describe('a record type is left out', () => {
    test('its files are kept when the record goes, those of others go', async () => {
      const [invoice, article, never] = await letGo('invoice', 'article');
      await ignoring.drain();
      expect(await registry.files.find([invoice!, article!, never!])).toMatchObject([
        { id: invoice!.id },
        null,
        null,
      ]);
      expect(await registry.media.files()).toEqual([invoice!.key]);
    });

    test('its files are kept when they are replaced', async () => {
      const [old, fresh] = [await registry.store('old'), await registry.store('new')];
      const owner = { type: 'invoice', id: 1, slot: 'scan' };
      await registry.attach(old, '1', 'scan', 'invoice');
      await registry.db.transaction().execute((trx) => registry.files.in(trx).replace(owner, fresh));
      await registry.passTime('25 hours');
      await ignoring.drain();
      expect([await parity.isThere(old), await parity.isThere(fresh)]).toEqual([true, true]);
    });
  });

  describe('only chosen record types are taken in', () => {
    test('their files go, those of others are kept', async () => {
      const [article, avatar] = await letGo('article', 'avatar');
      await choosing.drain();
      expect(await parity.isThere(article!)).toBe(false);
      expect(await parity.isThere(avatar!)).toBe(true);
    });
  });

  describe('a file that was kept', () => {
    test('is protected, says so, and goes once it is no more', async () => {
      const [invoice] = await letGo('invoice');
      await ignoring.drain();
      await parity.graceEnds();
      expect(await parity.isThere(invoice!)).toBe(true);
      expect(await registry.files.explain(invoice!)).toMatchObject({
        state: 'held',
        text: expect.stringContaining('protect'),
      });

      await registry.db.transaction().execute((trx) => registry.files.in(trx).unprotect(invoice!));
      await registry.passTime('25 hours');
      await ignoring.drain();
      expect(await parity.isThere(invoice!)).toBe(false);
    });
  });
});
