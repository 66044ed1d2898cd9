import { setTimeout as pause } from 'node:timers/promises';

const patienceMs = 15_000;

/** Looks until the condition holds, and gives up loudly. */
export async function waitUntil(
  expectation: string,
  signal: AbortSignal,
  condition: () => Promise<boolean>,
): Promise<void> {
  for (const deadline = performance.now() + patienceMs; !(await condition());) {
    if (performance.now() > deadline) {
      throw new Error(`Waited ${patienceMs / 1000} s in vain for this: ${expectation}.`);
    }
    await pause(20, undefined, { signal });
  }
}
