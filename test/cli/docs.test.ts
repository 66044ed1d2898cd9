import { mkdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import {
  numberVariables,
  ownerTypeVariables,
  processorVariables,
} from '../../src/cli/config/environment-options.js';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { createProgram } from '../../src/cli/program.js';
import { createCli } from './support/create-cli.js';

const docs = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const program = createProgram('0.0.0', () => async () => undefined);
const cli = await createCli();

/** The first cells of table rows that begin with code. */
const firstCells = (text: string) =>
  Array.from(text.matchAll(/^\| `([^`]+)` +\|/gm), ([, cell = '']) => cell);
const flags = (command: Command) => command.options.map((option) => option.flags);

test('every command has a section with its arguments, and no other has', () => {
  const sections = Array.from(docs.matchAll(/^### `([^`]+)`$/gm), ([, heading]) => heading);
  const commands = program.commands.map((command) =>
    [
      command.name(),
      ...command.registeredArguments.map((argument) =>
        argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      ),
    ].join(' '),
  );
  expect(sections.toSorted()).toEqual(commands.toSorted());
});

test.each(program.commands.map((command) => [command.name(), command] as const))(
  'the options of %s are all there',
  (name, command) => {
    const section = docs.split(/^### /m).find((text) => new RegExp(`^\`${name}[ \`]`).test(text));
    expect(firstCells(section ?? '')).toEqual(flags(command));
  },
);

test('the options of every command are all there', () => {
  const section = docs.slice(docs.indexOf('Every command takes these'), docs.indexOf('## Commands'));
  const common = [...flags(program).filter((flag) => flag !== '--version'), '--help', '--version'];
  expect(firstCells(section)).toEqual(common);
});

test('the exit codes are all there', () => {
  const table = docs.slice(docs.indexOf('| exit code'), docs.indexOf('SIGINT and SIGTERM let'));
  expect(firstCells(table).map(Number)).toEqual(Object.values(exitCodes));
});

test('the variables that it names are read', () => {
  const known = [
    'FILE_REGISTRY_SCHEMA',
    'FILE_REGISTRY_STORAGE_',
    'FILE_REGISTRY_STORAGE_MEDIA',
    'FILE_REGISTRY_DEFAULT_STORAGE',
    'FILE_REGISTRY_ENVIRONMENT',
    ...Object.values(ownerTypeVariables),
    ...Object.values(numberVariables),
    ...Object.values(processorVariables),
  ];
  const named = [...new Set(docs.match(/FILE_REGISTRY_[A-Z_]+/g))];
  expect(named.length).toBeGreaterThan(5);
  expect(known).toEqual(expect.arrayContaining(named));
});

test('the example of a configuration works', async () => {
  const [, example = ''] = /^```js\n([^]*?)^```$/m.exec(docs) ?? [];
  const folder = cli.program.folder('documented', { 'file-registry.config.js': example });
  mkdirSync(cli.program.path('documented/media'));
  const { DATABASE_URL } = cli.environment as { DATABASE_URL: string };
  expect((await cli.run(['drain', '--no-module'], { folder, env: { DATABASE_URL } })).exitCode).toBe(0);
  // It names the module of an application that is not there.
  for (const command of ['drain', 'work']) {
    expect((await cli.run([command], { folder, env: { DATABASE_URL } })).stderr).toContain('app.module.js');
  }
});

test('every command has a help of its own that names its options', async () => {
  for (const command of program.commands) {
    const text = command.helpInformation();
    expect(text).toContain(`Usage: file-registry ${command.name()}`);
    expect(command.summary()).not.toBe('');
    expect(command.description()).not.toBe(command.summary());
    for (const flag of [...flags(command), '--json']) {
      expect(text).toContain(flag);
    }
  }
});
