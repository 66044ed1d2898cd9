/** The parts of a `pg.Pool` that are used; a pool without events has nothing to listen to. */
interface PoolEvents {
  on?(event: 'connect' | 'acquire', listener: (client: ClientEvents) => void): unknown;
}

interface ClientEvents {
  on(event: 'error', listener: () => void): unknown;
}

const guarded = new WeakSet<object>();

/**
 * Lets a connection that breaks while it is in use fail its statement and nothing else. node-postgres reports it as an event
 * of the client as well, for which the pool does not listen while the client is lent, and an error event without a listener
 * ends the process.
 */
export function surviveLostConnections(pool: object): void {
  const guard = (target: object, listen: () => void) => {
    if (!guarded.has(target)) {
      guarded.add(target);
      listen();
    }
  };
  guard(pool, () => {
    const listen = (client: ClientEvents) => guard(client, () => client.on('error', () => undefined));
    const { on } = pool as PoolEvents;
    on?.call(pool, 'connect', listen);
    // For clients that were there before.
    on?.call(pool, 'acquire', listen);
  });
}
