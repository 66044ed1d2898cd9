import { deepStrictEqual } from 'node:assert';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { StoredFile } from 'nestjs-file-registry';
import { faults } from 'nestjs-file-registry/testing';
import { type Arena, attach, attachRendition, owner, type Side } from './arena.js';

/** An operation of several steps, of which any may fail. */
export interface Operation {
  readonly name: string;
  /** Storage and database calls that it makes at least, so that a loop that tried too little fails. */
  readonly calls: { readonly storage: number; readonly database: number };
  /** Makes what it needs, without faults, and answers with the operation and with what must be true when it has ended. */
  readonly prepare: (arena: Arena, clean: Side) => Promise<Act>;
}

export interface Act {
  /** May reject when something in it failed. */
  run(faulty: Side): Promise<unknown>;
  /** Before any time has passed. */
  check(failed: boolean): Promise<void>;
}

const store = ({ files }: Side, content = 'bytes') =>
  files.store(Buffer.from(content), { filename: 'photo.jpg' });
const nothingToCheck = async (): Promise<void> => undefined;

async function storeAttached(clean: Side, id: string): Promise<StoredFile> {
  const file = await store(clean, `of ${id}`);
  await attach(clean, file, owner(id));
  return file;
}

/** Files that are due, one that is not because it is held, and a check that it stays. */
async function dueFiles(arena: Arena, clean: Side, count: number): Promise<void> {
  await storeAttached(clean, 'kept');
  for (let n = 0; n < count; n++) {
    const file = await storeAttached(clean, `gone ${n}`);
    await clean.db.transaction().execute((trx) => clean.files.in(trx).detach(file, owner(`gone ${n}`)));
  }
  await arena.passTime();
}

const drain = ({ processor }: Side) => processor.drain();

export const operations: readonly Operation[] = [
  {
    name: 'a store',
    calls: { storage: 1, database: 2 },
    prepare: async (arena) => {
      let stored: StoredFile | undefined;
      return {
        run: async (faulty) => {
          stored = await store(faulty);
        },
        check: async (failed) => {
          const { rows } = await arena.admin.query('select id from file_registry.files');
          // An answer may be lost after the file was made; then nobody knows it and it goes.
          if (!failed) deepStrictEqual(rows, [{ id: stored?.id }]);
        },
      };
    },
  },
  {
    name: 'a store whose content fails',
    calls: { storage: 1, database: 2 },
    prepare: async () => ({
      run: ({ files, storage }) => {
        const writes = storage.calls.write;
        const halfway = async function* () {
          yield Buffer.from('half of it');
          // Once the storage is at it, unless it never comes to that.
          while (storage.calls.write === writes && !content.destroyed) await setImmediate();
          throw new Error('the client went away');
        };
        const content: Readable = Readable.from(halfway());
        return files.store(content);
      },
      check: nothingToCheck,
    }),
  },
  {
    name: 'a drain of detached files',
    calls: { storage: 2, database: 12 },
    prepare: async (arena, clean) => {
      await dueFiles(arena, clean, 3);
      return { run: drain, check: nothingToCheck };
    },
  },
  {
    name: 'the drains of abandoned uploads',
    calls: { storage: 3, database: 12 },
    prepare: async (arena, clean) => {
      await storeAttached(clean, 'kept');
      for (const keep of [true, false]) {
        clean.storage.replan({ write: faults.failHalfway({ keep }) });
        await store(clean).catch(() => undefined);
      }
      // One whose process died when its bytes were written.
      const { rows } = await arena.admin.query('select gen_random_uuid() as id');
      const key = `dead/${rows[0].id}.jpg`;
      await arena.admin.query("select file_registry.reserve($1, 'media', $2, 'photo.jpg', 3600000)", [
        rows[0].id,
        key,
      ]);
      await arena.place(key);
      clean.storage.replan({});
      await arena.passTime();
      return {
        run: async (faulty) => {
          await drain(faulty);
          await arena.passTime();
          await drain(faulty);
        },
        check: nothingToCheck,
      };
    },
  },
  {
    name: 'a drain with renditions',
    calls: { storage: 1, database: 12 },
    prepare: async (arena, clean) => {
      const original = await store(clean, 'original');
      const small = await store(clean, 'small');
      const kept = await storeAttached(clean, 'kept');
      await attachRendition(arena, small, original);
      await attachRendition(arena, kept, small);
      await arena.passTime();
      return { run: drain, check: nothingToCheck };
    },
  },
  {
    name: 'an adoption and a drain',
    calls: { storage: 1, database: 3 },
    prepare: async (arena) => {
      const key = 'legacy/photo.jpg';
      await arena.place(key);
      return {
        run: async (faulty) => {
          await faulty.files.adopt(key);
          await arena.passTime();
          await drain(faulty);
        },
        check: async () => {
          const { rows } = await arena.admin.query(
            'select 1 from file_registry.files where key = $1 union all select 1 from file_registry.deletions where key = $1',
            [key],
          );
          // What was not adopted is none of the registry's business, and still there.
          if (rows.length > 0) return;
          deepStrictEqual(arena.memory.has(key), true);
          await arena.memory.delete([{ key, abandoned: false }]);
        },
      };
    },
  },
  {
    name: 'a transaction of attach, replace and detachAll',
    calls: { storage: 0, database: 4 },
    prepare: async (arena, clean) => {
      await storeAttached(clean, '1');
      const two = await storeAttached(clean, '2');
      const three = await store(clean);
      const before = await arena.references();
      const after = [`article 1 cover ${two.id}`, `article 3 cover ${three.id}`].toSorted();
      return {
        run: ({ db, files }) =>
          db.transaction().execute(async (trx) => {
            await files.in(trx).attach(three, owner('3'));
            await files.in(trx).replace(owner('1'), two);
            await files.in(trx).detachAll({ type: 'article', id: '2' });
          }),
        check: async (failed) => {
          const now = await arena.references();
          // An answer may be lost after the commit; half of it never is.
          deepStrictEqual(now, failed && now.join() === before.join() ? before : after);
        },
      };
    },
  },
  {
    name: 'an erasure and the drain after it',
    calls: { storage: 1, database: 8 },
    prepare: async (arena, clean) => {
      await storeAttached(clean, 'kept');
      const original = await storeAttached(clean, 'erased');
      const small = await store(clean, 'small');
      await attachRendition(arena, small, original);
      await attach(clean, small, owner('gone with it'));
      const before = (await arena.references()).length;
      return {
        run: async (faulty) => {
          await faulty.db.transaction().execute((trx) => faulty.files.in(trx).erase(original));
          await drain(faulty);
        },
        check: async (failed) => {
          const now = (await arena.references()).length;
          deepStrictEqual(now, failed && now === before ? before : 1);
        },
      };
    },
  },
];
