import { unlinkFiles } from '../support/unlink-files.js';
import type { DeletedOwner, DrainSystem } from './drain-system.js';

const nothing = async () => {};

/**
 * What one writes by hand: delete the rows, unlink after the commit. A crash between the two leaves the bytes for ever, and a file
 * that another row still names is gone. Alongside, it unlinks what one transaction left while the next one runs.
 */
export const unsafeScript: DrainSystem = {
  name: 'unsafe script',
  registry: false,
  modes: ['afterwards', 'alongside'],
  async open({ root, mode }) {
    const keys: string[] = [];
    let unlinking: Promise<void> = Promise.resolve();
    return {
      async afterCommit(owners: readonly DeletedOwner[]) {
        const batch = owners.map(({ key }) => key);
        if (mode === 'afterwards') {
          keys.push(...batch);
          return;
        }
        await unlinking;
        unlinking = unlinkFiles(root, batch);
        unlinking.catch(() => undefined);
      },
      async finish() {
        await unlinking;
        await unlinkFiles(root, keys);
      },
      [Symbol.asyncDispose]: nothing,
    };
  },
};

/** The floors: what deleting the rows alone takes, and what unlinking the files alone takes. */
export const bareDelete = 'bare DELETE';
export const bareUnlink = 'bare unlink';
