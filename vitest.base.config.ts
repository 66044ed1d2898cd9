import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests and examples import the package by its name, and get the sources. The longer name first: the first match wins.
    alias: {
      'nestjs-file-registry/adapters': fileURLToPath(new URL('src/adapters/index.ts', import.meta.url)),
      'nestjs-file-registry/s3': fileURLToPath(new URL('src/storage/s3/index.ts', import.meta.url)),
      'nestjs-file-registry/http': fileURLToPath(new URL('src/http/index.ts', import.meta.url)),
      'nestjs-file-registry/opentelemetry': fileURLToPath(
        new URL('src/telemetry/opentelemetry/index.ts', import.meta.url),
      ),
      'nestjs-file-registry/sharp': fileURLToPath(new URL('src/renditions/sharp/index.ts', import.meta.url)),
      'nestjs-file-registry/terminus': fileURLToPath(new URL('src/health/index.ts', import.meta.url)),
      'nestjs-file-registry/testing': fileURLToPath(new URL('src/testing/index.ts', import.meta.url)),
      'nestjs-file-registry': fileURLToPath(new URL('src/index.ts', import.meta.url)),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Minutes of breaking things on purpose have a command of their own: npm run test:faults.
    exclude: ['test/{anomalies,crash}/**', '**/node_modules/**'],
    globalSetup: 'test/support/global-setup.ts',
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    // Tests wait for servers and processes more than they compute; a third worker uses what two cores leave.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
