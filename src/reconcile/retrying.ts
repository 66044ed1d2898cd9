import { setTimeout as pause } from 'node:timers/promises';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { backoffMaxMs } from './reconcile-defaults.js';

export interface RetryOptions {
  readonly maxAttempts: number;
  readonly backoffBaseMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Asks again, with exponential backoff and full jitter, while that may help. Rejects with the last failure, or the signal's reason. */
export async function retrying<Result>(
  options: RetryOptions,
  work: (attempt: number) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      await backOff(options, attempt, error);
    }
  }
}

/** Waits before the next attempt, or throws the failure where another one makes no sense. */
export async function backOff(
  { maxAttempts, backoffBaseMs, signal }: RetryOptions,
  attempt: number,
  error: unknown,
): Promise<void> {
  signal?.throwIfAborted();
  if (attempt >= maxAttempts || !mayPass(error)) throw error;
  const longestMs = Math.min(backoffMaxMs, backoffBaseMs * 2 ** (attempt - 1));
  await pause(Math.random() * longestMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
}

/** What is none of the registry's errors came from a storage of somebody's own; giving up early is the greater harm. */
function mayPass(error: unknown): boolean {
  return !(error instanceof FileRegistryError) || error.retryable;
}
