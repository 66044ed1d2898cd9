import { setTimeout as pause } from 'node:timers/promises';
import { forEachLimited } from '../for-each-limited.js';
import { deleteAlone, deleteBatch } from './delete-batch.js';
import type { DeletionTask, TaskOutcome } from './deletion-task.js';
import { lastCall } from './last-call.js';
import type { S3Place } from './s3-place.js';

const batchMax = 1000;
/** Rounds for keys that failed in a way that may pass. The SDK tries calls again, but not single keys of a bulk delete. */
const roundsMax = 4;
const backoffBaseMs = 200;

export interface DeleteTasksOptions {
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Deletes in bulk, key by key where it must be, and again after a pause what failed in a way that may pass. Answers for what was
 * started; a task without an outcome was not.
 */
export async function deleteTasks(
  place: S3Place,
  tasks: readonly DeletionTask[],
  { concurrency, signal }: DeleteTasksOptions,
): Promise<Map<DeletionTask, TaskOutcome>> {
  using last = lastCall(signal);
  const calledOff = () => signal?.aborted === true;
  const outcomes = new Map<DeletionTask, TaskOutcome>();
  let due = [...tasks];
  for (let round = 0; round < roundsMax && due.length > 0; round++) {
    if (round > 0) await pauseBefore(round, signal);
    if (calledOff()) break;
    const bulk = due.filter((task) => !task.alone);
    for (let start = 0; start < bulk.length && !calledOff(); start += batchMax) {
      const answers = await deleteBatch(place, bulk.slice(start, start + batchMax), last.signal);
      for (const [task, outcome] of answers) outcomes.set(task, outcome);
    }
    await forEachLimited(
      due.filter((task) => task.alone || outcomes.get(task)?.type === 'silent'),
      concurrency,
      async (task) => {
        if (calledOff()) return;
        task.alone = true;
        outcomes.set(task, await deleteAlone(place, task, last.signal));
      },
    );
    due = due.filter((task) => mayPass(outcomes.get(task)));
  }
  return outcomes;
}

function mayPass(outcome: TaskOutcome | undefined): boolean {
  return outcome?.type === 'failed' && !outcome.error.permanent;
}

/** Exponential with full jitter, so that many workers that were slowed down do not come back together. */
async function pauseBefore(round: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = Math.random() * backoffBaseMs * 2 ** round;
  await pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
