/**
 * Runs the suites that need other libraries: `npm run test:adapters [-- FILTER]`. Installs the libraries of the package beside
 * this file first where they are missing, generates the Prisma clients, and checks the types of the suites. Ends with what was
 * skipped and one line that sums up.
 */
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generateClients } from './support/generate-clients.js';
import { installMissing, suitesWithout } from './support/install.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

await installMissing(here);
const skipped = await suitesWithout(here);
const obstacle = existsSync(`${here}node_modules/prisma`) ? await generateClients(here) : undefined;
if (obstacle !== undefined) skipped.push({ library: 'prisma', suites: ['prisma'], because: obstacle });

const excluded = skipped.flatMap(({ suites }) => suites.map((name) => `**/*${name}*.suite.ts`));
// What was not installed or generated cannot be compiled either.
const typesFailed =
  skipped.length === 0 && (await run('node_modules/typescript/bin/tsc', ['-p', here])).code !== 0;

const vitest = await run(
  'node_modules/vitest/vitest.mjs',
  ['run', '--config', `${here}vitest.config.ts`, ...process.argv.slice(2)],
  { SKIPPED_SUITES: JSON.stringify(excluded) },
);
const closing = /^(\d+) passed, (\d+) failed, /m.exec(vitest.output.split('\n').findLast(isClosing) ?? '');
const failedTests = Math.max(Number(closing?.[2] ?? 0), vitest.code === 0 ? 0 : 1);

const notes = skipped.map(({ library, because }) => `skipped: ${library}, because ${because}`);
if (typesFailed) notes.push('The suites do not compile: see what tsc said above.');
const failed = failedTests + (typesFailed ? 1 : 0);
console.log(['', ...notes].join('\n'));
console.log(`${closing?.[1] ?? 0} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

function isClosing(line: string): boolean {
  return /^\d+ passed, \d+ failed, /.test(line);
}

async function run(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [`${root}${script}`, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
