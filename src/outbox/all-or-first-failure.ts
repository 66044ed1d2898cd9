/** Waits for all of them, so that nothing goes on behind an error. */
export async function allOrFirstFailure<Value>(work: readonly (Promise<Value> | Value)[]): Promise<Value[]> {
  const outcomes = await Promise.allSettled(work);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
    return outcome.value;
  });
}
