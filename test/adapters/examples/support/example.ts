import { fileURLToPath } from 'node:url';
import type { TestDatabase } from '../../../support/test-database.js';

/** An application in `examples/`, and how its reader would bring a database up to date. */
export interface Example {
  /** Its folder. */
  readonly name: string;

  migrate(database: TestDatabase): Promise<void>;

  /** What the library makes of the database's refusal of an id that is no file (any more). */
  readonly refusal: object;
}

/** With a slash at the end. */
export function folderOf(name: string): string {
  return fileURLToPath(new URL(`../../../../examples/${name}/`, import.meta.url));
}
