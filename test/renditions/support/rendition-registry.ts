import type { FileRegistryOptions, Rendition, RenditionOptions, StoredFile } from 'nestjs-file-registry';
import { afterEach } from 'vitest';
import { createTestRegistry } from '../../support/create-test-registry.js';
import { ScriptedMaker } from './scripted-maker.js';

/** A registry with a maker that follows a script, for the test file that calls it, at its top level. */
export async function createRenditionRegistry(
  renditions: RenditionOptions = {},
  options: Partial<Omit<FileRegistryOptions, 'database' | 'renditions'>> = {},
) {
  const maker = new ScriptedMaker();
  const registry = await createTestRegistry({ ...options, renditions: { maker, ...renditions } });
  afterEach(async () => {
    maker.reset();
    await registry.assertLaws();
  });

  return Object.assign(registry, {
    maker,

    /** An original that an article holds. */
    async original(): Promise<StoredFile> {
      const file = await registry.store('the original');
      await registry.attach(file, file.id);
      return file;
    },

    async content(file: StoredFile): Promise<string> {
      const chunks: Buffer[] = await (await registry.files.read(file)).toArray();
      return Buffer.concat(chunks).toString();
    },

    /** Of one original, or of all. */
    async leases(original?: StoredFile): Promise<{ slot: string; failed: boolean }[]> {
      const { rows } = await registry.pool.query(
        `select slot, error is not null as failed from file_registry.rendition_leases
          where original_id = coalesce($1, original_id) order by slot`,
        [original?.id],
      );
      return rows;
    },

    /** The state of what was reserved for uploads and is no file. */
    async leftovers(): Promise<string[]> {
      const { rows } = await registry.pool.query(
        `select state from file_registry.deletions where reason = 'upload' and state <> 'deleted'`,
      );
      return rows.map(({ state }) => state);
    },

    delete(original: StoredFile | StoredFile[], selector?: Parameters<typeof registry.files.renditions>[1]) {
      return registry.db
        .transaction()
        .execute((trx) => registry.files.in(trx).deleteRenditions(original, selector));
    },

    erase(file: StoredFile) {
      return registry.db.transaction().execute((trx) => registry.files.in(trx).erase(file));
    },

    /** What goes has gone: periods pass, and the processor works. */
    async settleAll(): Promise<void> {
      for (let pass = 0; pass < 4; pass++) {
        await registry.passTime('25 hours');
        await registry.processor.drain();
      }
    },

    specsOf: async (original: StoredFile) =>
      (await registry.files.renditions(original)).map(({ spec }: Rendition) => spec),
  });
}
