import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from '../../vitest.base.config.js';
import { skippedMark, skippedSuites } from './support/skipped-suites.js';

/** The short suite, on the server that the runner beside this file has started. */
export default defineConfig(async () => {
  const version = process.env['POSTGRES_VERSION'] ?? '18';
  const skipped = await skippedSuites(Number(version));
  for (const { file, because } of skipped) {
    console.log(`${skippedMark} ${file} on PostgreSQL ${version}, because ${because}`);
  }
  return {
    ...everything,
    root: fileURLToPath(new URL('../..', import.meta.url)),
    test: {
      ...everything.test,
      isolate: false,
      include: ['test/postgres-versions/*.suite.ts'],
      exclude: skipped.map(({ file }) => `test/postgres-versions/${file}`),
    },
  };
});
