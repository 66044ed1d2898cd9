import type { FileDeletion } from './file-deletion.js';
import { type FileHookDecorator, fileHookDecorator } from './file-hook-decorator.js';
import type { FileHookOptions } from './file-hook-options.js';

/**
 * Calls the method with files whose bytes are gone, in batches, before their receipts are written: a crash in between repeats
 * the call, so it is made at least once. Outside any transaction. Where it throws or takes too long, that is logged and nothing
 * is repeated.
 *
 * ```ts
 * @AfterFileDelete()
 * async purge(deletions: readonly FileDeletion[], { signal }: FileHookContext) { … }
 * ```
 *
 * @throws InvalidOptionError, InvalidHookError where the class is defined.
 */
export function AfterFileDelete(options: FileHookOptions = {}): FileHookDecorator<FileDeletion> {
  return fileHookDecorator('after', options);
}
