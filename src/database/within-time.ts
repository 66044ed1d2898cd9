/** The answer, or undefined where it takes longer; it is not called off, and failing late harms nobody. */
export async function withinTime<Answer>(
  answer: Promise<Answer>,
  timeoutMs: number,
): Promise<Answer | undefined> {
  const { promise: timedOut, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([answer, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
