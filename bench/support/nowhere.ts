import type { FileStorage } from 'nestjs-file-registry';

/** A storage that holds nothing and deletes everything at once: what is left is the database's part. */
export const nowhere: FileStorage = {
  location: 'null:///',
  check: async () => {},
  write: () => Promise.reject(new Error('nothing is written here')),
  read: () => Promise.reject(new Error('nothing is read here')),
  stat: async () => null,
  list: async function* () {},
  delete: async (objects) => objects.map(({ key }) => ({ key })),
};
