/** A process with one processor. Drains when it is told to, says how many files it deleted, and ends with its channel. */
import { localStorage } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { openRegistry } from '../support/open-registry.js';

const [connectionString = '', root = ''] = process.argv.slice(2);
// Ctrl-C reaches the whole group; whoever started this one closes the channel.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit());

const pool = new Pool({ connectionString, max: 4 });
pool.on('error', () => undefined);
const registry = await openRegistry({
  database: pool,
  storages: { media: localStorage({ root }) },
  gracePeriodMs: 0,
});
process.on('message', () => {
  void registry.processor.drain().then(({ deleted }) => process.send?.(deleted));
});
process.send?.('ready');
