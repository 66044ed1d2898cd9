/** Whether the files that go were stored one after the other or lie all over the tables, each in pages of its own. */
export type Pick = 'neighbours' | 'at random';
export const picks: readonly Pick[] = ['neighbours', 'at random'];

/** A state of the tables in which the same work is done. */
export interface Scenario {
  readonly name: string;
  readonly files: number;
  /** Dead rows ahead of what is due, which an open snapshot keeps from being cleaned up. */
  readonly dead?: { readonly table: 'deletion_outbox' | 'deletions'; readonly rows: number };
  /** Intents whose period is not over. */
  readonly notDue?: number;
}

/** The smallest first: it is what the others are compared with. */
export function scenarios(sizes: readonly [number, number, number], rows: number): readonly Scenario[] {
  const [smallest] = sizes;
  const count = (value: number) => value.toLocaleString('en');
  return [
    ...sizes.map((files) => ({ name: `${count(files)} files`, files })),
    {
      name: `snapshot held open, ${count(rows)} dead intents`,
      files: smallest,
      dead: { table: 'deletion_outbox', rows },
    },
    {
      name: `snapshot held open, ${count(rows)} dead deletions`,
      files: smallest,
      dead: { table: 'deletions', rows },
    },
    { name: `${count(rows)} intents not yet due`, files: smallest, notDue: rows },
  ];
}
