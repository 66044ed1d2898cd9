import { expect, test } from 'vitest';
import { createTrackedTest } from './support/tracked-test.js';

const tracked = await createTrackedTest(`
  create table article (id integer primary key, cover uuid, picture uuid);`);
await tracked.track({ table: 'article', column: 'cover' }, 'select id, cover from article');
const { registry } = tracked;
const [photo, other] = [await registry.store(), await registry.store('other')];
await tracked.run(`insert into article values (1, $1, null), (2, null, null)`, [photo.id]);
const owner = (id: number | string, slot = 'cover') => ({ type: 'article', id, slot });
const inTransaction = <Result>(work: (verbs: ReturnType<typeof registry.files.in>) => Promise<Result>) =>
  registry.db.transaction().execute((trx) => work(registry.files.in(trx)));

test('attaching, detaching and replacing by hand is refused, and says which column to write', async () => {
  const verbs: Parameters<typeof inTransaction<unknown>>[0][] = [
    (files) => files.attach(other, owner(1)),
    (files) => files.attach(photo, owner(99)),
    (files) =>
      files.attachMany([
        { file: other, owner: owner(1, 'free') },
        { file: other, owner: owner(1) },
      ]),
    (files) => files.detach(photo, owner(1)),
    (files) => files.replace(owner(1), other),
    (files) => files.replace(owner(1), []),
    (files) => files.detachAll(owner(1)),
  ];
  for (const verb of verbs) {
    await expect(inTransaction(verb)).rejects.toThrow(/follows the column (public\.)?article\.cover/);
  }
  await tracked.check();
  expect(await tracked.references()).toHaveLength(1);
});

test('other slots of the owner stay free, and detachAll leaves the guarded one', async () => {
  await inTransaction((files) => files.attach([photo, other], owner(1, 'free')));
  expect(await inTransaction((files) => files.detachAll({ type: 'article', id: 1 }))).toEqual({
    detached: 2,
  });
  await tracked.check();
});

test('restore leaves what follows a column, and brings the rest back', async () => {
  await inTransaction((files) => files.attach(photo, owner(1, 'free')));
  await inTransaction((files) => files.detach(photo, owner(1, 'free')));
  await tracked.run('update article set cover = null');
  await inTransaction((files) => files.restore(photo));
  expect((await tracked.references()).map(({ slot }) => slot)).toEqual(['free']);
  await inTransaction((files) => files.restore({ type: 'article', id: 1 }));
  await tracked.check();
});

test('a slot that is not guarded may be written by hand as well', async () => {
  await tracked.track(
    { table: 'article', column: 'picture', guarded: false },
    'select id, picture from article',
  );
  await inTransaction(async (files) => {
    await files.attach(photo, owner(2, 'picture'));
  });
  await tracked.run('update article set picture = $1 where id = 2', [photo.id]);
  await inTransaction((files) => files.replace(owner(2, 'picture'), other));
  await inTransaction((files) => files.detach(other, owner(2, 'picture')));
  await tracked.run('update article set picture = $1 where id = 2', [other.id]);
  await inTransaction((files) => files.attach(photo, owner(2, 'picture')));
  await tracked.run('update article set picture = null where id = 2');
  await expect(tracked.check()).resolves.toBeUndefined();
});
