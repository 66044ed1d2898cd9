import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { createRenditionRegistry } from './support/rendition-registry.js';

const registry = await createRenditionRegistry();
const { files } = registry;

const bytes = (text = 'bytes') => Buffer.from(text);

test('a stored rendition has the name, type and storage of its original, or its own', async () => {
  const original = await registry.original();
  const content = Readable.from([bytes('small')]);
  const small = await files.storeRendition(original, { size: '1' }, content);
  expect(small).toMatchObject({
    filename: 'photo.jpg',
    contentType: 'image/jpeg',
    storage: 'media',
    size: 5,
  });
  expect(await registry.content(small)).toBe('small');
  const other = await files.storeRendition(original, 'size=2', bytes(), {
    filename: 'p.webp',
    metadata: { width: 2 },
  });
  expect(other).toMatchObject({ filename: 'p.webp', contentType: 'image/webp', metadata: { width: 2 } });
  expect(await files.references(small)).toMatchObject([{ type: 'file', id: original.id, slot: 'size=1' }]);
});

test('what is stored again takes the place of what was there, which goes after its grace period', async () => {
  const original = await registry.original();
  const first = await files.storeRendition(original, 'size=1', bytes('first'));
  const second = await files.storeRendition(original, 'size=1', bytes('first'));
  expect(second.id).not.toBe(first.id);
  expect(await files.renditions(original)).toEqual([second]);
  expect(await files.explain(first)).toMatchObject({ state: 'waiting' });
  await registry.settleAll();
  expect(await files.find([first, second])).toEqual([null, expect.objectContaining({ id: second.id })]);
});

test('renditions of renditions go with the original, but not what something else holds', async () => {
  const original = await registry.original();
  const small = await files.rendition(original, 'size=2');
  const smaller = await files.rendition(small, 'size=1');
  const kept = await files.rendition(small, 'filter=gray');
  await registry.attach(kept, 'elsewhere');

  await registry.detach(original, original.id);
  await registry.settleAll();
  expect(await files.find([original, small, smaller])).toEqual([null, null, null]);
  expect(await registry.content(kept)).toBe('{"filter":"gray"}');
  expect(await registry.leftovers()).toEqual([]);
});

test('no rendition of what is no file', async () => {
  const unknown = '01890000-0000-7000-8000-000000000000';
  await expect(files.storeRendition(unknown, 'size=1', bytes())).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
  });
  await expect(files.rendition(unknown, 'size=1')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  const gone = await registry.original();
  await registry.erase(gone);
  await expect(files.storeRendition(gone, 'size=1', bytes())).rejects.toMatchObject({
    code: 'FILE_CONDEMNED',
  });
  await expect(files.rendition(gone, 'size=1')).rejects.toMatchObject({ code: 'FILE_CONDEMNED' });
  await expect(files.rendition('no id', 'size=1')).rejects.toMatchObject({ code: 'INVALID_FILE_ID' });
  expect(registry.maker.requests).toEqual([]);
  expect(await registry.leases()).toEqual([]);
});

test('renditions go 16 deep and no deeper, and nothing is left of what is too deep', async () => {
  let file = await registry.original();
  for (let depth = 0; depth < 16; depth++) file = await files.rendition(file, 'size=1');
  const limit = { code: 'RENDITION_LIMIT', kind: 'usage', context: { limit: 'depth' } };
  await expect(files.rendition(file, 'size=1')).rejects.toMatchObject(limit);
  await expect(files.storeRendition(file, 'size=1', bytes())).rejects.toMatchObject(limit);
  expect(registry.maker.requests).toHaveLength(16);
  await registry.processor.drain();
  expect(await registry.leases()).toEqual([]);
});

test('an original has at most 1,000 renditions; one that is there can still be replaced', async () => {
  const original = await registry.original();
  await registry.pool.query(
    `with made as (
       insert into file_registry.files (id, storage, key, content_type, size)
       select id, 'nowhere', id::text, 'image/jpeg', 1 from (select uuidv7() as id from generate_series(1, 1000)) ids
       returning id)
     insert into file_registry.file_references (file_id, owner_type, owner_id, slot)
     select id, 'file', $1, 'size=n' || row_number() over () from made`,
    [original.id],
  );
  const limit = { code: 'RENDITION_LIMIT', context: { limit: 'count' } };
  await expect(files.rendition(original, 'size=1')).rejects.toMatchObject(limit);
  await expect(files.storeRendition(original, 'size=1', bytes())).rejects.toMatchObject(limit);
  await files.storeRendition(original, 'size=n7', bytes());
  expect(await files.renditions(original)).toHaveLength(1000);
});

test('an original with 50 renditions goes with one settle pass more, not 50', async () => {
  const steps = vi.spyOn(RegistryDatabase.prototype, 'step');
  const deleting = async (renditions: number) => {
    const original = await registry.original();
    for (let size = 0; size < renditions; size++) await files.rendition(original, { size: `${size}` });
    await registry.settleAll();
    await registry.detach(original, original.id);
    await registry.passTime('25 hours');
    steps.mockClear();
    const drained = await registry.processor.drain();
    expect(await files.find(original)).toBeNull();
    const names = steps.mock.calls.map(([name]) => name);
    return { drained, steps: names.length, settles: names.filter((name) => name === 'settle').length };
  };
  const [alone, together] = [await deleting(0), await deleting(50)];
  expect(alone.drained).toMatchObject({ condemned: 1, deleted: 1 });
  expect(together.drained).toMatchObject({ condemned: 51, deleted: 51 });
  expect(together.settles - alone.settles).toBeLessThanOrEqual(1);
  expect(together.steps - alone.steps).toBeLessThanOrEqual(5);
});
