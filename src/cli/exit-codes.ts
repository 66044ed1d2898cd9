/** What the program answers to whoever started it. They stay the same across versions. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The command line, the configuration or a value in them is wrong; the same again fails again. */
  usage: 2,
  /** What was looked for was found: a violated law, an orphan, a stuck deletion. */
  found: 3,
  /** A guard, or the answer to the question, forbids it. */
  refused: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
