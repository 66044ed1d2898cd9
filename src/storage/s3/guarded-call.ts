import { s3Fault, type S3FaultDetails } from './s3-fault.js';

/** Runs a call of S3 and throws the registry's error for its own; what the caller's signal ends throws the signal's reason. */
export async function guardedCall<Result>(
  details: S3FaultDetails,
  signal: AbortSignal | undefined,
  call: () => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  try {
    return await call();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw s3Fault(error, details);
  }
}
