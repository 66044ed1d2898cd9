/** How long intents of one reason wait before they are due. */
export interface IntentPolicy {
  readonly reason: string;
  readonly periodMs: number;
}

/** The periods of the options by the reasons the database notes. An intent of any other reason is never due. */
export function intentPolicies(options: {
  unattachedTtlMs: number;
  gracePeriodMs: number;
}): readonly IntentPolicy[] {
  return [
    { reason: 'stored', periodMs: options.unattachedTtlMs },
    { reason: 'detached', periodMs: options.gracePeriodMs },
    // A rendition whose original went had its period with the original.
    { reason: 'original', periodMs: 0 },
  ];
}
