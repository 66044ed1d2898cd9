import type { Arena } from './arena.js';

export type Role = 'writer' | 'worker';

export type ActorMessage =
  | { verb: 'play'; role: Role; name: string; arena: Arena }
  /** The storage fails most of the time, or works again. */
  | { verb: 'weather'; bad: boolean }
  /** Writers begin nothing, or go on. */
  | { verb: 'hush'; hushed: boolean }
  | { verb: 'leave' };

/** `quiet` answers a hush, once what was under way has ended. */
export type ActorReply = 'ready' | 'quiet';
