import { type RenditionMaker, RenditionFailedError } from 'nestjs-file-registry';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createParityTest } from './support/parity-test.js';

let making: () => Promise<void>;
let made: number;

const maker: RenditionMaker = {
  async make({ spec }) {
    made++;
    await making();
    return { content: Buffer.from(`as ${spec.size}`), contentType: 'image/webp' };
  },
};

const parity = await createParityTest({ renditions: { maker } });
const { articles, registry } = parity;
const { files, processor } = registry;

/** Another process. */
const second = await registry.another({ renditions: { maker } });
afterAll(() => second.module.close());

beforeEach(() => {
  made = 0;
  making = async () => undefined;
});

describe('Active Storage', () => {
  describe('the original goes', () => {
    test('every rendition goes with it, renditions of renditions too', async () => {
      const original = await registry.store();
      const id = await articles.publish(original);
      const small = await files.rendition(original, 'size=small');
      const stored = await files.storeRendition(original, { filter: 'invert' }, Buffer.from('by hand'));
      const smaller = await files.rendition(small, 'size=smaller');
      await parity.graceEnds();
      expect(await files.find([small, stored, smaller])).toMatchObject(
        [small, stored, smaller].map((file) => ({ id: file.id })),
      );

      await articles.remove(id);
      await parity.graceEnds();
      for (const file of [original, small, stored, smaller]) expect(await parity.isThere(file)).toBe(false);
    });

    test('a rendition that something else holds stays until that lets it go', async () => {
      const original = await registry.store();
      const id = await articles.publish(original);
      const [kept, gone] = [
        await files.rendition(original, 'size=kept'),
        await files.rendition(original, 'size=gone'),
      ];
      const other = await articles.publish(kept);

      await articles.remove(id);
      await parity.graceEnds();
      expect(await parity.isThere(original)).toBe(false);
      expect(await parity.isThere(gone)).toBe(false);
      expect(await parity.isThere(kept)).toBe(true);
      expect(await articles.coverOf(other)).toBe(kept.id);

      await articles.remove(other);
      await parity.graceEnds();
      expect(await parity.isThere(kept)).toBe(false);
    });

    test('while a rendition of it is being made: that goes, too', async () => {
      const original = await registry.store();
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      making = () => {
        begun.resolve();
        return gate.promise;
      };
      const asked = files.rendition(original, 'size=late').catch((error: unknown) => error);
      await begun.promise;
      await registry.passTime('25 hours');
      await processor.drain();
      expect(await parity.isThere(original)).toBe(false);
      gate.resolve();

      expect(await asked).toMatchObject({ code: expect.any(String) });
      for (let pass = 0; pass < 3; pass++) await parity.graceEnds();
      expect(await registry.media.files()).toEqual([]);
    });
  });

  describe('a second worker asks for a rendition that is being made', () => {
    test('it is made once, and both get it', async () => {
      const original = await registry.store();
      await articles.publish(original);
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      making = () => {
        begun.resolve();
        return gate.promise;
      };
      const first = files.rendition(original, 'size=small');
      await begun.promise;
      const others = [second, second, registry].map((worker) =>
        worker.files.rendition(original, 'size=small'),
      );
      gate.resolve();

      const ids = (await Promise.all([first, ...others])).map(({ id }) => id);
      expect(new Set(ids).size).toBe(1);
      expect(made).toBe(1);
      expect(await files.renditions(original, 'all')).toHaveLength(1);
    });

    test('that fails: both are told, and nothing is left', async () => {
      const original = await registry.store();
      await articles.publish(original);
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      making = () => {
        begun.resolve();
        return gate.promise;
      };
      const first = files.rendition(original, 'size=small').catch((error: unknown) => error);
      await begun.promise;
      const other = second.files.rendition(original, 'size=small').catch((error: unknown) => error);
      gate.reject(new Error('no picture'));

      expect(await first).toBeInstanceOf(RenditionFailedError);
      expect(await other).toBeInstanceOf(RenditionFailedError);
      expect(await files.renditions(original, 'all')).toEqual([]);
      expect(await registry.media.files()).toEqual([original.key]);
    });
  });
});
