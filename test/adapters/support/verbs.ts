import type { FileTransaction, Owner, StoredFile } from 'nestjs-file-registry';

type Verb = (tx: FileTransaction, file: StoredFile, owner: Owner) => Promise<unknown>;

/** One of each kind of statement. */
export const verbs: readonly (readonly [name: string, verb: Verb])[] = [
  ['attach', (tx, file, owner) => tx.attach(file, owner)],
  ['attachMany', (tx, file, owner) => tx.attachMany([{ file, owner }])],
  ['replace', (tx, file, owner) => tx.replace(owner, file)],
  ['detach', (tx, file, owner) => tx.detach(file, owner)],
  ['detachAll', (tx, _file, owner) => tx.detachAll(owner)],
  ['restore', (tx, file) => tx.restore(file)],
  ['protect', (tx, file) => tx.protect(file)],
];
