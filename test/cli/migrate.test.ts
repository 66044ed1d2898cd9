import { migrationSql } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createEmptyDatabase } from '../database/support/create-empty-database.js';
import { CompiledProgram } from './support/compiled-program.js';

const database = await createEmptyDatabase();
const program = await CompiledProgram.create();
const env = { DATABASE_URL: database.connectionString };

test('a schema that is missing is named, with the command that creates it', async () => {
  const status = await program.run(['status', '--json'], { env });
  expect(status.exitCode).toBe(1);
  expect(status.json.error).toMatchObject({
    code: 'SCHEMA_OUTDATED',
    hint: 'On the command line: file-registry migrate',
  });
  expect((await program.run(['tracked'], { env })).stderr).toContain('file-registry migrate');
});

test('migrate creates the schema and does nothing the second time', async () => {
  const first = await program.run(['migrate', '--json'], { env });
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  expect(first.json.applied).toContain('0001-tables');
  expect((await program.run(['migrate'], { env })).stdout).toBe('The schema file_registry is up to date.\n');
  expect((await program.run(['status'], { env })).exitCode).toBe(0);
});

test('migrate --sql prints what another tool needs, without a database', async () => {
  expect(await program.run(['migrate', '--sql'])).toMatchObject({
    exitCode: 0,
    stdout: await migrationSql(),
    stderr: '',
  });
  const other = await program.run(['migrate', '--sql', '--schema', 'Other', '--json']);
  expect(other.json).toEqual({ sql: await migrationSql({ schema: 'Other' }) });
});

test('a reader that leaves early is no failure', async () => {
  const running = program.start(['migrate', '--sql']);
  running.process.stdout?.destroy();
  expect(await running.ended).toMatchObject({ exitCode: 0, stderr: '' });
});
