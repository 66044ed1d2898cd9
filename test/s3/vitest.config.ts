import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from '../../vitest.base.config.js';

const own = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Needs an S3 server: run by test/s3/run.ts, or alone with S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY. */
export default defineConfig({
  ...everything,
  resolve: {
    alias: {
      'nestjs-file-registry/s3': own('../../src/storage/s3/index.ts'),
      ...(everything.resolve?.alias as Record<string, string>),
    },
  },
  test: {
    ...everything.test,
    include: ['test/s3/**/*.suite.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['test/support/global-setup.ts', own('support/global-setup.ts')],
    testTimeout: 60_000,
  },
});
