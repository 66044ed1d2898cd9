/** Whoever started the demo must start it in another way. */
export class UsageError extends Error {}
