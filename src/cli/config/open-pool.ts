import { Pool } from 'pg';
import { UsageError } from '../errors/usage-error.js';

const connectionTimeoutMillis = 10_000;
const protocols = ['postgres:', 'postgresql:', 'socket:'];

/** A pool of the program's own. Connects with the first statement. @throws UsageError, which does not repeat the URL: it has a password. */
export function openPool(url: string): Pool {
  if (!protocols.includes(URL.parse(url)?.protocol ?? '')) {
    throw new UsageError(
      'The database: expected a URL such as postgresql://user:password@host:5432/name in --database-url or DATABASE_URL.',
    );
  }
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis });
  // A connection that breaks while it is idle must not end the process; the next statement says it.
  pool.on('error', () => undefined);
  return pool;
}
