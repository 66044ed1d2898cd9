import { spawnSync } from 'node:child_process';

const programs = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph-mgr', 'ceph', 'monmaptool'];
const packages = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-mgr'];

export const whatToInstall = `as root: apt-get install --no-install-recommends ${packages.join(' ')}`;

/** Installs Ceph's Debian packages where they are missing, this is root and there is apt-get. Answers whether Ceph is there. */
export function installCeph(): boolean {
  if (missing().length === 0) return true;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !isThere('apt-get')) return false;
  console.log(`Installing ${packages.join(', ')}`);
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  return missing().length === 0;
}

function missing(): string[] {
  return programs.filter((program) => !isThere(program));
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

function apt(...args: string[]): void {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 600_000,
  });
}
