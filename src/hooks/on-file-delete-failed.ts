import type { FailedFileDeletion } from './file-deletion.js';
import { type FileHookDecorator, fileHookDecorator } from './file-hook-decorator.js';
import type { FileHookOptions } from './file-hook-options.js';

/**
 * Calls the method with files whose deletion failed, in the storage or in a hook before it, in batches, at least once for each
 * attempt. Outside any transaction. `willRetry` is false where somebody has to look at it. Where the method throws or takes too
 * long, that is logged and nothing is repeated.
 *
 * ```ts
 * @OnFileDeleteFailed()
 * alarm(failures: readonly FailedFileDeletion[]) { … }
 * ```
 *
 * @throws InvalidOptionError, InvalidHookError where the class is defined.
 */
export function OnFileDeleteFailed(options: FileHookOptions = {}): FileHookDecorator<FailedFileDeletion> {
  return fileHookDecorator('failed', options);
}
