import { expect, test } from 'vitest';
import { createAttackedDatabase } from './support/attacked-database.js';

// The slot of a reference that an original holds is the canonical text of a rendition's spec, whoever writes it.
const laws = await createAttackedDatabase();

const part = 'a'.repeat(120);

test.for(['size=1', 'filter=a,b@c+d_e.f-g', `filter=${part};size=${part}`])('%s is a spec', async (slot) => {
  const [original, rendition] = [await laws.file(), await laws.file()];
  await laws.reference(rendition, original, 'file', slot);
  expect(
    await laws.sql('select slot from file_registry.file_references where file_id = $1', [rendition]),
  ).toEqual([{ slot }]);
});

test.for([
  'thumb',
  'size=',
  'size=/',
  'size=.a',
  `size=${part}a`,
  'size=a\n',
  'size=ä',
  'size=1;filter=2',
  'filter=1;',
  'filter=1;size=2;size=3',
  'colour=red',
  ' size=1',
])('%j is none and refused', async (slot) => {
  const [original, rendition] = [await laws.file(), await laws.file()];
  await expect(laws.reference(rendition, original, 'file', slot)).rejects.toMatchObject({
    code: '23514',
  });
  await laws.reference(rendition, '1', 'article', slot);
});

test('an original has one rendition of a spec', async () => {
  const [original, one, other] = [await laws.file(), await laws.file(), await laws.file()];
  await laws.reference(one, original, 'file', 'size=1');
  await expect(laws.reference(other, original, 'file', 'size=1')).rejects.toMatchObject({ code: '23505' });
});
