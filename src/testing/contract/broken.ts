import { AssertionError } from 'node:assert';

/** The failure of a case. `message` says what the storage did and what it should have done. */
export function broken(message: string, cause?: unknown): AssertionError {
  const error = new AssertionError({ message, operator: 'storageContract' });
  if (cause !== undefined) error.cause = cause;
  return error;
}

export function demand(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw broken(message());
}

/** An error as one line, with its code where it has one. */
export function shown(error: unknown): string {
  if (!(error instanceof Error)) return `no Error but ${String(error)}`;
  const code = codeOf(error);
  return `${error.name}${code === undefined ? '' : ` [${code}]`}: ${error.message}`;
}

/** By its code and not by its class, so that a second copy of the package does not confuse anybody. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
