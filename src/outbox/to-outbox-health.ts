import { type Identity, isOwn } from './is-own.js';
import type { OutboxHealth } from './outbox-health.js';

/** What `health` answers. */
export interface HealthAnswer extends Omit<OutboxHealth, 'pausedAt' | 'own'> {
  readonly pausedAt: string | null;
  readonly identity: Identity | null;
  readonly actualIdentity: Identity;
}

export function toOutboxHealth(
  { pausedAt, identity, actualIdentity, ...figures }: HealthAnswer,
  environment: string | null,
): OutboxHealth {
  return {
    ...figures,
    pausedAt: pausedAt === null ? null : new Date(pausedAt),
    own: isOwn(identity, actualIdentity, environment),
  };
}
