import type { FileHook, FileHookKind } from './file-hook.js';

/** The hooks of an application, each kind in the order in which its methods were found. */
export type FileHooks = Readonly<Record<FileHookKind, readonly FileHook[]>>;

/** Where the processor finds them. */
export interface FileHookSource {
  readonly hooks: FileHooks;
}

export function hasFileHooks({ before, after, failed }: FileHooks): boolean {
  return before.length + after.length + failed.length > 0;
}

/** For a processor without an application. */
export const noFileHooks: FileHookSource = { hooks: { before: [], after: [], failed: [] } };
