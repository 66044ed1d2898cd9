/**
 * Runs the short suite on each PostgreSQL from 14 to 18 in turn, or on those that are named: `npm run test:versions -- 14 16`.
 * Installs their binaries first where they are missing. Ends with what was skipped and one line that sums up.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../support/start-postgres.js';
import { skippedMark } from './support/skipped-suites.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** What the root installs for every test. */
const rootVersion = '18';

interface Outcome {
  passed: number;
  failed: number;
  skipped: string[];
}

const known = await knownVersions();
const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !known.includes(version));
if (unknown.length > 0)
  throw new Error(`There is no PostgreSQL ${unknown.join(', ')}, only ${known.join(', ')}.`);

await installMissing();
const outcomes: Outcome[] = [];
for (const version of asked.length > 0 ? asked : known) outcomes.push(await runOn(version));

const skipped = outcomes.flatMap((outcome) => outcome.skipped);
const sum = (count: 'passed' | 'failed') => outcomes.reduce((total, outcome) => total + outcome[count], 0);
console.log(['', ...skipped].join('\n'));
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${skipped.length} skipped`);
process.exitCode = sum('failed') > 0 ? 1 : 0;

async function runOn(version: string): Promise<Outcome> {
  console.log(`\nPostgreSQL ${version}`);
  const binariesPackage = version === rootVersion ? undefined : packageFolder(version);
  if (binariesPackage !== undefined && (await installedVersion(binariesPackage)) === undefined) {
    const line = `${skippedMark} PostgreSQL ${version}, because there are no binaries of it for ${platform}`;
    console.log(line);
    return { passed: 0, failed: 0, skipped: [line] };
  }

  const postgres = await startPostgres(binariesPackage === undefined ? {} : { binariesPackage });
  try {
    return await runSuite(version, postgres.connectionString);
  } finally {
    await postgres.stop();
  }
}

async function runSuite(version: string, connectionString: string): Promise<Outcome> {
  const vitest = spawn(
    process.execPath,
    [`${root}node_modules/vitest/vitest.mjs`, 'run', '--config', `${here}vitest.config.ts`],
    {
      cwd: root,
      env: { ...process.env, DATABASE_URL: connectionString, POSTGRES_VERSION: version },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: string[] = [];
  let rest = '';
  vitest.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const [code] = (await once(vitest, 'close')) as [number | null];

  const closing = lines
    .map((line) => /^(\d+) passed, (\d+) failed, /.exec(line))
    .findLast((line) => line !== null);
  const failed = Number(closing?.[2] ?? 0);
  return {
    passed: Number(closing?.[1] ?? 0),
    failed: code === 0 ? failed : Math.max(failed, 1),
    skipped: lines.filter((line) => line.startsWith(skippedMark)),
  };
}

async function knownVersions(): Promise<string[]> {
  const versions = Object.keys(await wanted()).map((name) => name.split('-')[1] ?? '');
  return [...new Set([...versions, rootVersion])].toSorted();
}

async function installMissing(): Promise<void> {
  for (const [name, specifier] of Object.entries(await wanted())) {
    if (!name.endsWith(`-${platform}`)) continue;
    if (specifier.endsWith(`@${await installedVersion(`${here}node_modules/${name}`)}`)) continue;

    const npm = spawn('npm', ['ci', '--prefix', here], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    const [code] = (await once(npm, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`npm ci --prefix ${here} failed`);
    return;
  }
}

/** The aliases of the package beside this file and what they stand for. */
async function wanted(): Promise<Record<string, string>> {
  const { optionalDependencies } = JSON.parse(await readFile(`${here}package.json`, 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return optionalDependencies;
}

function packageFolder(version: string): string {
  return `${here}node_modules/postgres-${version}-${platform}`;
}

async function installedVersion(folder: string): Promise<string | undefined> {
  const manifest = await readFile(`${folder}/package.json`, 'utf8').catch(() => undefined);
  return manifest === undefined ? undefined : (JSON.parse(manifest) as { version: string }).version;
}
