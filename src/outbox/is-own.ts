import { isDeepStrictEqual } from 'node:util';

/** Where rows came from, as `current_identity` answers it. */
export interface Identity {
  readonly environment: string | null;
}

/** Decides as the database does: an environment that either side does not name is not compared. */
export function isOwn(identity: Identity | null, actual: Identity, environment: string | null): boolean {
  if (identity === null) {
    return true;
  }
  const { environment: named, ...place } = identity;
  const { environment: _, ...actualPlace } = actual;
  const sameEnvironment = named === null || environment === null || named === environment;
  return sameEnvironment && isDeepStrictEqual(place, actualPlace);
}
