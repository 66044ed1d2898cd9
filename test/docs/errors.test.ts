import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileRegistryError } from 'nestjs-file-registry';
import { httpExceptionOf } from 'nestjs-file-registry/http';
import { expect, test } from 'vitest';
import { pages } from '../examples/docs.js';
import { project } from '../examples/run-script.js';

type ErrorClass = new (message: string) => FileRegistryError;

const folder = join(project, 'src/errors');
const modules: Record<string, unknown>[] = await Promise.all(
  readdirSync(folder).map((file) => import(join(folder, file))),
);
const errors = modules
  .flatMap((module) => Object.values(module))
  .filter((value): value is ErrorClass => Object(value).prototype instanceof FileRegistryError)
  .map((type) => new type('test'));

/** The rows of the section of one kind: code, class and status. */
function rowsOf(kind: string): string[][] {
  const sections = (pages.get('errors.md') ?? '').split(/^## /m);
  const section = sections.find((text) => text.startsWith(`\`${kind}\``)) ?? '';
  return Array.from(section.matchAll(/^\| `([A-Z_]+)` +\| `(\w+)` +\| (\d+) +\| (.+) \| (.+) \|$/gm), (row) =>
    row.slice(1, 4),
  );
}

test('every error has a row under its kind, with its class and its status, and there is no other', () => {
  expect(errors).toHaveLength(readdirSync(folder).length - 1); // all but the base
  for (const kind of ['usage', 'retryable', 'permanent']) {
    const expected = errors
      .filter((error) => error.kind === kind)
      .map((error) => [error.code, error.name, String(httpExceptionOf(error).getStatus())]);
    expect(rowsOf(kind)).toEqual(expected.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)));
  }
});
