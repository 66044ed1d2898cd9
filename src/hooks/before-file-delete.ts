import type { FileDeletion } from './file-deletion.js';
import { type FileHookDecorator, fileHookDecorator } from './file-hook-decorator.js';
import type { FileHookOptions } from './file-hook-options.js';

/**
 * Calls the method with files whose bytes are about to be deleted, in batches, at least once each. Outside any transaction; the
 * files cannot be kept any more. Where it throws or takes too long, the call is repeated in halves to find the files that it
 * throws for; those stay and are tried again with backoff, the others go.
 *
 * ```ts
 * @BeforeFileDelete({ only: ['contract'] })
 * async archive(deletions: readonly FileDeletion[]) { … }
 * ```
 *
 * @throws InvalidOptionError, InvalidHookError where the class is defined.
 */
export function BeforeFileDelete(options: FileHookOptions = {}): FileHookDecorator<FileDeletion> {
  return fileHookDecorator('before', options);
}
