import { Injectable, type Type } from '@nestjs/common';
import {
  AfterFileDelete,
  BeforeFileDelete,
  type FailedFileDeletion,
  type FileDeletion,
  type FileHookContext,
  type FileHookOptions,
  OnFileDeleteFailed,
} from 'nestjs-file-registry';

type Behaviour = (deletions: readonly FileDeletion[], context: FileHookContext) => unknown;

const nothing: Behaviour = () => undefined;

/** A provider with a hook of each kind, which keeps book and does what a test says. */
export interface Recorder {
  /** What each call of each hook was given. */
  readonly before: FileDeletion[][];
  readonly after: FileDeletion[][];
  readonly failed: FailedFileDeletion[][];
  onBefore: Behaviour;
  onAfter: Behaviour;
  onFailed: Behaviour;
}

/** A class of one's own for each set of options, because decorators go by class. */
export function recorder(options: FileHookOptions = {}): Type<Recorder> {
  @Injectable()
  class RecordingHooks implements Recorder {
    readonly before: FileDeletion[][] = [];
    readonly after: FileDeletion[][] = [];
    readonly failed: FailedFileDeletion[][] = [];
    onBefore = nothing;
    onAfter = nothing;
    onFailed = nothing;

    @BeforeFileDelete(options)
    async noteBefore(deletions: readonly FileDeletion[], context: FileHookContext): Promise<void> {
      this.before.push([...deletions]);
      await this.onBefore(deletions, context);
    }

    @AfterFileDelete(options)
    async noteAfter(deletions: readonly FileDeletion[], context: FileHookContext): Promise<void> {
      this.after.push([...deletions]);
      await this.onAfter(deletions, context);
    }

    @OnFileDeleteFailed(options)
    async noteFailed(deletions: readonly FailedFileDeletion[], context: FileHookContext): Promise<void> {
      this.failed.push([...deletions]);
      await this.onFailed(deletions, context);
    }
  }
  return RecordingHooks;
}

/** The ids of every call, sorted. */
export function idsOf(calls: readonly (readonly { readonly fileId: string }[])[]): string[] {
  return calls
    .flat()
    .map(({ fileId }) => fileId)
    .toSorted();
}
