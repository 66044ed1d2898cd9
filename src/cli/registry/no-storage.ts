import type { FileStorage } from '../../storage/storage.js';

/** Stands where a command touches rows alone and its options must name a storage all the same. */
export const noStorage: FileStorage = {
  location: 'none:',
  check: async () => undefined,
  write: unreachable,
  read: unreachable,
  stat: unreachable,
  delete: unreachable,
  list: () => {
    throw new Error('A command that touches rows alone listed a storage.');
  },
};

async function unreachable(): Promise<never> {
  throw new Error('A command that touches rows alone used a storage.');
}
