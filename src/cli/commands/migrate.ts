import { Command } from 'commander';
import { migrate } from '../../database/migrate.js';
import { migrationSql } from '../../database/migration-sql.js';
import { optionDefaults } from '../../options/option-defaults.js';
import { loadConfig } from '../config/load-config.js';
import { exitCodes } from '../exit-codes.js';
import { countOf } from '../output/format.js';
import { openDatabase } from '../registry/open-database.js';
import type { Action, CliSession } from '../session.js';

export function migrateCommand(action: Action): Command {
  return new Command('migrate')
    .summary("create the registry's schema, or bring it up to date")
    .description(
      "Creates the registry's schema, or brings it up to date, in one transaction. Any number may run at once, and running it " +
        'again changes nothing. The role needs CREATE on the database and will own the tables.',
    )
    .option(
      '--sql',
      'print what it does on an empty database, for another migration tool, and connect to nothing',
    )
    .action(action(run));
}

async function run(session: CliSession, { sql = false }: { sql?: boolean }) {
  if (sql) {
    await using config = await loadConfig(session);
    const text = await migrationSql({ schema: config.options.schema ?? optionDefaults.schema });
    session.output.text({ sql: text }, text);
    return exitCodes.done;
  }
  await using open = await openDatabase(session);
  const { applied } = await migrate(open.database, { schema: open.schema });
  session.output.answer(
    { schema: open.schema, applied },
    applied.length === 0
      ? [`The schema ${open.schema} is up to date.`]
      : [
          `Applied ${countOf(applied.length, 'migration')} to the schema ${open.schema}:`,
          ...applied.map((name) => `  ${name}`),
        ],
  );
  return exitCodes.done;
}
