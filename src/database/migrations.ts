import { readdir, readFile } from 'node:fs/promises';
import { quoteIdentifier } from './quote-identifier.js';

export interface RegistryMigration {
  /** The file's name without its ending; migrations run in the order of their names. */
  readonly name: string;
  readonly sql: string;
}

/** Beside `src/` in the repository and beside `dist/` in the package. */
const folder = new URL('../../migrations/', import.meta.url);

/** The registry's migrations, written for one schema, in order. */
export async function readMigrations(schema: string): Promise<RegistryMigration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -'.sql'.length),
      sql: writeFor(schema, await readFile(new URL(name, folder), 'utf8')),
    })),
  );
}

/** The quotes around the functions' bodies, and around the bodies of the functions that these write. */
const quotes = ['body', 'code'];

function writeFor(schema: string, template: string): string {
  let sql = template;
  for (const name of quotes) {
    // A schema could be called like the quotes, and would end them.
    let quote = `$${name}$`;
    for (let number = 1; schema.includes(quote); number++) {
      quote = `$${name}${number}$`;
    }
    sql = sql.replaceAll(`$${name}$`, () => quote);
  }
  return sql.replaceAll('@schema@', () => quoteIdentifier(schema));
}
