import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import everything from '../../vitest.base.config.js';
import { leftOutFiles } from './core/left-out.js';
import onS3 from './vitest.config.js';

const own = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The core's own tests with a bucket in place of each temporary folder: the modules that stand for it are exchanged. */
export default defineConfig({
  ...onS3,
  resolve: {
    alias: [
      { find: /^\.{1,2}\/(?:.*\/)?temporary-folder\.js$/, replacement: own('core/bucket-folder.ts') },
      // Not the path by which its stand-in reaches the original.
      { find: /^\.{1,2}\/(?:\.\.\/)?(?:support\/)?assert-laws\.js$/, replacement: own('core/laws-on-s3.ts') },
      { find: 'nestjs-file-registry/s3', replacement: own('../../src/storage/s3/index.ts') },
      { find: 'nestjs-file-registry/testing', replacement: own('../../src/testing/index.ts') },
      { find: 'nestjs-file-registry', replacement: own('core/registry-on-s3.ts') },
    ],
  },
  test: {
    ...onS3.test,
    isolate: false,
    include: ['test/{registry,outbox,scenarios,undo,operations}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts', own('support/global-setup.ts')],
    exclude: ['**/node_modules/**', ...Object.keys(leftOutFiles)],
    setupFiles: own('core/leave-out.ts'),
    // A server far away is slower than a disk; the tests' own waiting is generous.
    testTimeout: everything.test?.testTimeout === undefined ? 60_000 : 2 * everything.test.testTimeout,
  },
});
