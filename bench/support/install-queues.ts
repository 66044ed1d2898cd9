import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** Installs what the lock file beside the benchmarks says where something is missing or of another version. */
export function installQueues(): void {
  if (missing().length === 0) return;
  // Nothing that is measured needs the scripts of its packages; the figures are the only output.
  spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
  const still = missing();
  if (still.length > 0) {
    throw new Error(
      `npm could not install ${still.join(', ')}. Run \`npm ci\` in bench/ and see what it says.`,
    );
  }
}

/** What the package of the benchmarks names, with its versions, for headlines. */
export function queueVersions(): Record<string, string> {
  return (
    JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { dependencies: Record<string, string> }
  ).dependencies;
}

function missing(): string[] {
  return Object.entries(queueVersions())
    .filter(([name, version]) => installedVersion(name) !== version)
    .map(([name]) => name);
}

function installedVersion(name: string): string | undefined {
  try {
    const manifest = readFileSync(`${folder}node_modules/${name}/package.json`, 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  } catch {
    return undefined;
  }
}
