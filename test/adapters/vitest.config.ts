import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from '../../vitest.base.config.js';

/** The suites that need the libraries of the package beside this file. `SKIPPED_SUITES` are patterns of paths. */
const skipped = JSON.parse(process.env['SKIPPED_SUITES'] ?? '[]') as string[];
const root = fileURLToPath(new URL('../..', import.meta.url));

export default defineConfig({
  ...everything,
  root,
  resolve: {
    alias: { 'nestjs-file-registry/adapters': `${root}src/adapters/index.ts`, ...everything.resolve?.alias },
  },
  test: {
    ...everything.test,
    include: ['test/adapters/**/*.suite.ts'],
    exclude: ['**/node_modules/**', ...skipped],
  },
});
