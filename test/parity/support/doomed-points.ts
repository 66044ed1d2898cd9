/** Where a process that gives a record another file is killed, and whose file the record has then. */
export const doomedPoints = {
  'in the middle of an upload': 'old',
  'when the bytes are there and their row is not': 'old',
  'between the upload and the transaction': 'old',
  'in the transaction, before the commit': 'old',
  'after the commit': 'new',
  'when the old file is condemned and its bytes are there': 'new',
  'when the old bytes are gone and there is no receipt': 'new',
} as const;

export type DoomedPoint = keyof typeof doomedPoints;
