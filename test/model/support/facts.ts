/** What the model and the database are compared by. */

export interface Reference {
  readonly file: string;
  readonly type: string;
  readonly id: string;
  readonly slot: string;
}

export interface Intent {
  readonly file: string;
  readonly reason: string;
  /** The owner that let go, as `type id slot`. */
  readonly owner: string | undefined;
  /** How much time has passed since, in steps. */
  age: number;
  /** Of two of one age, the higher is the younger. */
  readonly order: number;
}

/** Time passes in steps so long that what a program takes for real never counts. */
export const stepMinutes = 40;

/** After how many steps an intent of a reason, or a reservation, is due: one hour each, and three for what was stored. */
export const dueAfter: Readonly<Record<string, number>> = { stored: 5, detached: 2, original: 0, upload: 2 };

export const periods = {
  gracePeriodMs: 60 * 60_000,
  unattachedTtlMs: 180 * 60_000,
  uploadTtlMs: 60 * 60_000,
};

export const ownerOf = ({ type, id, slot }: Omit<Reference, 'file'>) => `${type} ${id} ${slot}`;
export const nameOf = (reference: Reference) => `${ownerOf(reference)} ${reference.file}`;
export const describeIntent = ({ file, reason, owner, age }: Intent) => `${file} ${reason} ${owner} ${age}`;

export const isDue = ({ reason, age }: Intent) => age >= (dueAfter[reason] ?? Infinity);
