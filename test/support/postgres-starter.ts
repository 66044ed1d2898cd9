import { startPostgres } from './start-postgres.js';

const { connectionString, dataFolder } = await startPostgres();
process.send?.({ connectionString, dataFolder });
setInterval(() => {}, 1_000); // until somebody kills it
