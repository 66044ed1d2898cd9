import type { FileDeletion } from './file-deletion.js';
import type { FileHook } from './file-hook.js';
import type { HookStep } from './hook-step.js';
import { slices } from './slices.js';

/** Calls beyond the first ones, for one batch: finds five culprits among a thousand; a hook that always throws is left in peace. */
export const repeatsMax = 64;

export interface BeforeHookOutcome {
  /** What was thrown, by file id. */
  readonly failed: ReadonlyMap<string, string>;
  readonly unreached: readonly string[];
}

/**
 * Calls the hook in batches. One that it throws for is repeated in halves until the files that it throws for stand alone, or
 * until the repeats are used up: what is left then has failed together.
 */
export async function runBeforeHook(
  hook: FileHook,
  deletions: readonly FileDeletion[],
  step: HookStep,
): Promise<BeforeHookOutcome> {
  const failed = new Map<string, string>();
  const unreached: string[] = [];
  let repeats = 0;
  // The next one last. `thrown` is what a larger call was answered that these were part of.
  const waiting: { readonly files: readonly FileDeletion[]; readonly thrown?: string }[] = slices(
    deletions,
    hook.options.batchSize,
  )
    .map((files) => ({ files }))
    .toReversed();

  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { files, thrown } = next;
    const usedUp = thrown !== undefined && repeats === repeatsMax;
    if (usedUp || !step.mayBegin()) {
      for (const { fileId } of files) {
        if (thrown === undefined) {
          unreached.push(fileId);
        } else {
          failed.set(fileId, thrown);
        }
      }
      continue;
    }
    repeats += thrown === undefined ? 0 : 1;
    const message = await hook.call(files, step.lease);
    if (message === undefined) {
      continue;
    }
    const [first] = files;
    if (files.length === 1 && first !== undefined) {
      failed.set(first.fileId, message);
    } else {
      const half = Math.ceil(files.length / 2);
      waiting.push(
        { files: files.slice(half), thrown: message },
        { files: files.slice(0, half), thrown: message },
      );
    }
  }
  return { failed, unreached };
}
