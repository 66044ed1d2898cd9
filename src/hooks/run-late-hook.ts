import { Logger } from '@nestjs/common';
import type { FileDeletion } from './file-deletion.js';
import type { FileHook } from './file-hook.js';
import type { HookStep } from './hook-step.js';
import { slices } from './slices.js';

/**
 * Calls a hook that can change nothing any more; what it throws is logged. Adds what it was not called with any more to
 * `unreached`.
 */
export async function runLateHook(
  hook: FileHook,
  deletions: readonly FileDeletion[],
  step: HookStep,
  unreached: Set<string>,
): Promise<void> {
  const accepted = deletions.filter((deletion) => hook.accepts(deletion));
  for (const files of slices(accepted, hook.options.batchSize)) {
    if (!step.mayBegin()) {
      for (const { fileId } of files) {
        unreached.add(fileId);
      }
      continue;
    }
    const message = await hook.call(files, step.lease);
    if (message !== undefined) {
      new Logger('FileRegistry').error(
        `The hook ${hook.name} failed for ${files.length} deletion(s) and is not called with them again: ${message}`,
      );
    }
  }
}
