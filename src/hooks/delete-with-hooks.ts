import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import type { DeletionLease } from '../outbox/deletion-lease.js';
import type { ClaimedDeletion, DeletionOutcomes, FailedDeletion } from '../outbox/deletion-outcomes.js';
import {
  type FailedFileDeletion,
  type FileDeletion,
  type FileDeletionJson,
  toFileDeletion,
} from './file-deletion.js';
import { type FileHooks, hasFileHooks } from './file-hooks.js';
import { type HookLease, HookStep } from './hook-step.js';
import { runBeforeHook } from './run-before-hook.js';
import { runLateHook } from './run-late-hook.js';

export interface HookedBatch {
  readonly claimed: readonly ClaimedDeletion[];
  readonly database: RegistryDatabase;
  readonly lease: DeletionLease;
  readonly stopping: AbortSignal;
  readonly maxAttempts: number;
  readonly deleteBytes: (passed: readonly ClaimedDeletion[]) => Promise<DeletionOutcomes>;
}

/**
 * Deletes the bytes of a claimed batch between its hooks. They run before the outcome is written: after a crash or a lost lease
 * the deletion is claimed again, and they are called again. What a hook could not be called with any more, because of a
 * shutdown or of the lease, is given back for the same reason. Without hooks nothing is asked for.
 */
export async function deleteWithHooks(hooks: FileHooks, batch: HookedBatch): Promise<DeletionOutcomes> {
  const { claimed, database, lease } = batch;
  if (!hasFileHooks(hooks)) {
    return batch.deleteBytes(claimed);
  }
  const rows = await database.step<FileDeletionJson[]>('deletions_of', [
    uuidArray(claimed.map(({ fileId }) => fileId)),
  ]);
  const deletions = new Map(rows.map((row) => [row.fileId, toFileDeletion(row)]));

  const before = await runBefore(hooks, batch, [...deletions.values()]);
  const passed = claimed.filter(({ fileId }) => !before.failed.has(fileId) && !before.unreached.has(fileId));
  lease.beginStep();
  const stored =
    passed.length === 0 ? { done: [], failed: [], unstarted: [] } : await batch.deleteBytes(passed);
  const failures = [...before.failed.values(), ...stored.failed];

  const unreached = new Set(before.unreached);
  const gone = stored.done
    .map((fileId) => deletions.get(fileId))
    .filter((deletion) => deletion !== undefined);
  for (const hook of hooks.after) {
    await runLateHook(hook, gone, stepFor(batch, hook.options.timeoutMs), unreached);
  }
  const failed = failures
    .map((failure) => failedDeletion(failure, deletions.get(failure.fileId), batch.maxAttempts))
    .filter((deletion) => deletion !== undefined);
  for (const hook of hooks.failed) {
    await runLateHook(hook, failed, failedStepFor(batch, hook.options.timeoutMs), unreached);
  }

  return {
    done: stored.done.filter((fileId) => !unreached.has(fileId)),
    failed: failures.filter(({ fileId }) => !unreached.has(fileId)),
    unstarted: [...stored.unstarted, ...unreached],
  };
}

async function runBefore({ before }: FileHooks, batch: HookedBatch, deletions: FileDeletion[]) {
  const failed = new Map<string, FailedDeletion>();
  const unreached = new Set<string>();
  let passing = deletions;
  for (const hook of before) {
    const accepted = passing.filter((deletion) => hook.accepts(deletion));
    const outcome = await runBeforeHook(hook, accepted, stepFor(batch, hook.options.timeoutMs));
    for (const [fileId, message] of outcome.failed) {
      failed.set(fileId, { fileId, error: `the hook ${hook.name}: ${message}`, permanent: false });
    }
    for (const fileId of outcome.unreached) {
      unreached.add(fileId);
    }
    passing = passing.filter(({ fileId }) => !failed.has(fileId) && !unreached.has(fileId));
  }
  return { failed, unreached };
}

function failedDeletion(
  { error, permanent }: FailedDeletion,
  deletion: FileDeletion | undefined,
  maxAttempts: number,
): FailedFileDeletion | undefined {
  return (
    deletion &&
    Object.freeze({ ...deletion, error, permanent, willRetry: !permanent && deletion.attempts < maxAttempts })
  );
}

function stepFor({ lease, stopping }: HookedBatch, timeoutMs: number): HookStep {
  lease.beginStep(timeoutMs);
  return new HookStep(lease, AbortSignal.any([lease.signal, stopping]));
}

/** Says that something failed, for which no lease is needed: one that a hanging storage has used up must not keep it unsaid. */
function failedStepFor({ lease, stopping }: HookedBatch, timeoutMs: number): HookStep {
  lease.beginStep(timeoutMs);
  const unbound: HookLease = lease.signal.aborted
    ? { stepMs: lease.stepMs, signal: new AbortController().signal, lapsed: new Promise(() => undefined) }
    : lease;
  return new HookStep(unbound, stopping);
}
