import { defineConfig } from 'vitest/config';
import base from './vitest.base.config.js';

const { include = [], exclude = [], testTimeout = 0, hookTimeout = 0, ...run } = base.test ?? {};

/** They exchange modules that others have loaded, so each needs a process of its own. */
const mocking = ['test/storage/local/{durability,folded-names,prune-race,sync-order}.test.ts'];

const project = (test: { name: string; isolate: boolean; include: string[]; exclude: string[] }) => ({
  resolve: base.resolve ?? {},
  test: { testTimeout, hookTimeout, ...test },
});

/** What npm test runs. A process for each file would spend a third of its time on loading what the one before had loaded. */
export default defineConfig({
  ...base,
  test: {
    ...run,
    projects: [
      project({ name: 'core', isolate: false, include, exclude: [...exclude, ...mocking] }),
      project({ name: 'mocking', isolate: true, include: mocking, exclude }),
    ],
  },
});
