/**
 * Every subject once a round, and each round begins with another one: what changes during a run (caches, heat, other work on the
 * machine) meets all of them alike, and none is always the first.
 */
export async function* rounds<Subject>(
  count: number,
  subjects: readonly Subject[],
): AsyncGenerator<{ round: number; subject: Subject }> {
  for (let round = 0; round < count; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      yield { round, subject: subjects[(round + turn) % subjects.length]! };
    }
  }
}
