import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/create-test-database.js';
import { docsBlocks, pages } from '../examples/docs.js';
import { capacityOf, rowSizes } from './capacity-model.js';

const text = pages.get('capacity.md') ?? '';
const database = await createTestDatabase();

/** The cells of all rows of tables, without the spaces that align them. */
const rows = Array.from(text.matchAll(/^\| (?!-)(.*) \|$/gm), ([, cells = '']) =>
  cells.split(' | ').map((cell) => cell.trim()),
);

test('its bytes a row are those that were measured', () => {
  const measured = Object.entries(rowSizes.bytesPerRow).flatMap(([table, parts]) =>
    Object.entries(parts)
      .filter(([, bytes]) => bytes > 0)
      .map(([part, bytes]) => [
        `\`${table}\``,
        part === 'total' ? '**all**' : part === table ? 'table' : `index \`${part}\``,
        String(bytes),
      ]),
  );
  expect(measured.length).toBeGreaterThan(10);
  expect(rows).toEqual(expect.arrayContaining(measured));
});

test('its bytes of WAL are those that were measured', () => {
  for (const [step, bytes] of Object.entries(rowSizes.walBytesPerFile)) {
    expect(rows).toContainEqual([expect.any(String), `\`${step}\``, bytes.toLocaleString('en')]);
  }
});

test('its examples are what its formulae give', () => {
  const load = { R: 1.2, G: 1, U: 1, K: 30, B: 1.5, T: 5000 };
  const [million, hundred, billion] = ([1e6, 1e8, 1e9] as const).map((F) =>
    capacityOf({ ...load, F, S: F / 1000, D: F / 1000 }),
  );
  const examples = rows.filter((row) => row.length === 5).slice(1);
  expect(examples.map(([, , ...results]) => results)).toEqual(
    million!.map((result, index) => [result, hundred![index], billion![index]]),
  );
});

test('what was measured are the tables and indexes that there are', async () => {
  const { rows: relations } = await database.pool().query<{ table: string; name: string }>(`
    select coalesce(t.relname, c.relname) as table, c.relname as name
      from pg_class c
      left join pg_index i on i.indexrelid = c.oid
      left join pg_class t on t.oid = i.indrelid
     where c.relnamespace = 'file_registry'::regnamespace
       and c.relkind in ('r', 'i')`);
  for (const [table, parts] of Object.entries(rowSizes.bytesPerRow)) {
    const names = relations.filter((row) => row.table === table).map(({ name }) => name);
    expect(
      Object.keys(parts)
        .filter((part) => part !== 'total')
        .toSorted(),
    ).toEqual(names.toSorted());
  }
});

test('its SQL runs', async () => {
  const [sql] = docsBlocks('capacity.md').filter(({ language }) => language === 'sql');
  const indented = text.match(/^ +```sql\n([^]*?)^ +```$/m)?.[1];
  expect(sql === undefined && indented !== undefined).toBe(true);
  await database.pool().query(indented!);
});
