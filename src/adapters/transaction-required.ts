import { TransactionRequiredError } from '../errors/transaction-required-error.js';

/** The refusal of an adapter: what it was given, and what to pass instead. */
export function transactionRequired(
  received: string,
  hint: string,
  cause?: unknown,
): TransactionRequiredError {
  return new TransactionRequiredError(
    `This verb belongs into the application's transaction; received ${received}. ${hint} Nothing was changed.`,
    { context: { received }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** A value as a refusal names it. */
export function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return value === undefined || value === null ? String(value) : `a ${typeof value}`;
  }
  const name = value.constructor?.name;
  return name === undefined || name === '' || name === 'Object' ? 'an object' : `an instance of ${name}`;
}
