import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { readmeBlocks } from './readme.js';
import { project } from './run-script.js';

const examples = join(project, 'examples');

/** Checked by test:adapters, with the libraries they need. */
const ofOtherLibraries = /^(typeorm|prisma|drizzle)[\\/]/;

/** What the README's shorter blocks take as given. */
const given = `
  import type { INestApplicationContext } from '@nestjs/common';
  import type { Kysely } from 'kysely';
  import { migrate, migrationSql, OutboxProcessor, trackFileColumn, up } from 'nestjs-file-registry';
  import type { Pool } from 'pg';
  declare const app: INestApplicationContext, database: Pool, db: Kysely<unknown>;
`;

test('the examples and the TypeScript of the README pass the type check', { timeout: 60_000 }, () => {
  const blocks = new Map(
    readmeBlocks('ts').map((block, index) => [
      join(examples, `readme-${index}.ts`),
      block.includes('import ') ? block : `${given}${block}\nexport {};`,
    ]),
  );
  expect(blocks.size).toBeGreaterThan(2);
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !ofOtherLibraries.test(name))
    .map((name) => join(examples, name));

  // One error of our own, so that a check which looks at nothing does not pass.
  const wrong = join(examples, 'wrong.ts');
  const inMemory = new Map([...blocks, [wrong, `${given}await up(42);\nexport {};`]]);
  expect(errorsIn([...files, ...inMemory.keys()], inMemory)).toEqual([
    expect.stringMatching(/wrong\.ts: Argument of type 'number'/),
  ]);
});

/** Of these files and what they import, some of which exist in memory only. */
function errorsIn(files: readonly string[], inMemory: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => inMemory.get(name) ?? readFile(name);
  host.fileExists = (name) => inMemory.has(name) || fileExists(name);

  const program = ts.createProgram(files, options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}
