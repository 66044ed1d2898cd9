/** The part of a command that lets us look at the raw answer; structural, because the commands' own types are too narrow. */
interface Interceptable {
  readonly middlewareStack: {
    add(
      middleware: (next: (args: never) => Promise<unknown>) => (args: never) => Promise<never>,
      options: { step: 'deserialize' },
    ): void;
  };
}

/**
 * Notes the `Date` of the answer to a command, which is the storage's own clock: times of objects are compared with it and
 * never with this machine's. Returns a function that tells it in milliseconds since 1970, once the command was answered.
 */
export function noteAnswerDate(command: unknown): () => number | undefined {
  let date: string | undefined;
  (command as Interceptable).middlewareStack.add(
    (next) => async (args) => {
      const result = (await next(args)) as { response?: { headers?: Record<string, string> } };
      date = result.response?.headers?.['date'];
      return result as never;
    },
    { step: 'deserialize' },
  );
  return () => {
    const ms = date === undefined ? Number.NaN : Date.parse(date);
    return Number.isNaN(ms) ? undefined : ms;
  };
}

/** Without either time an object counts as just written, so that nothing is decided by its age. */
export function ageMs(nowMs: number | undefined, lastModified: Date | undefined): number {
  if (nowMs === undefined || lastModified === undefined) return 0;
  return Math.max(0, nowMs - lastModified.getTime());
}
