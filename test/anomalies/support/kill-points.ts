/** Where a process is killed, and whether it was writing or deleting. */
export const killPoints = [
  'after the reservation, before the first byte',
  'in the middle of a write',
  'after the write, before the row',
  'after condemning, before the bytes go',
  'when some of the bytes are gone',
  'after the bytes are gone, before the receipt',
] as const;

export type KillPoint = (typeof killPoints)[number];
