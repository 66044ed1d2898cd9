import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

export interface SkippedLibrary {
  readonly library: string;
  /** What its suites have in their names. */
  readonly suites: readonly string[];
  readonly because: string;
}

/** The packages that the suites of a library cannot do without; node-postgres and Kysely come with the root. */
const packagesOf: Readonly<Record<string, readonly string[]>> = {
  typeorm: ['typeorm'],
  prisma: ['prisma', '@prisma/client', '@prisma/adapter-pg'],
  drizzle: ['drizzle-orm', 'postgres'],
  'mikro-orm': ['@mikro-orm/core', '@mikro-orm/sql', '@mikro-orm/postgresql'],
  knex: ['knex'],
  sequelize: ['sequelize'],
  'postgres-js': ['postgres'],
};

/** Installs what the lock file says where something is missing or of another version; a failure shows by what is missing then. */
export async function installMissing(folder: string): Promise<void> {
  if ((await missing(folder)).length === 0) return;

  // Nothing that is tested needs the scripts of its packages.
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code !== 0) console.log(`npm ci in ${folder} ended with code ${code}`);
}

export async function suitesWithout(folder: string): Promise<SkippedLibrary[]> {
  const absent = await missing(folder);
  return Object.entries(packagesOf).flatMap(([library, packages]) => {
    const lacking = packages.filter((name) => absent.includes(name));
    return lacking.length === 0
      ? []
      : [{ library, suites: [library], because: `npm could not install ${lacking.join(', ')}` }];
  });
}

/** What the package of the folder names and is not installed in that version. */
async function missing(folder: string): Promise<string[]> {
  const { dependencies } = JSON.parse(await readFile(`${folder}package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const names = await Promise.all(
    Object.entries(dependencies).map(async ([name, version]) =>
      (await installedVersion(`${folder}node_modules/${name}`)) === version ? [] : [name],
    ),
  );
  return names.flat();
}

async function installedVersion(folder: string): Promise<string | undefined> {
  const manifest = await readFile(`${folder}/package.json`, 'utf8').catch(() => undefined);
  return manifest === undefined ? undefined : (JSON.parse(manifest) as { version: string }).version;
}
