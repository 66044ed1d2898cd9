import { defineConfig } from 'vitest/config';
import everything from './vitest.base.config.js';

/** Every call fails in turn, processes are killed, and each safeguard is taken away to see that it is missed. */
export default defineConfig({
  ...everything,
  test: {
    ...everything.test,
    include: ['test/{anomalies,crash}/**/*.test.ts'],
    // Loops over every statement there is, each time from the beginning.
    testTimeout: 180_000,
    exclude: ['**/node_modules/**'],
  },
});
