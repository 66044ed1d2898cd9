import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file system of its own in memory, for disks that are full, read-only or away. Mounting takes root on Linux. */
export interface SmallFileSystem {
  readonly folder: string;
  remount(options: string): void;
  unmount(): void;
}

const sizeBytes = 256 * 1024;

function mount(options: string, folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
}

export const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'file-registry-mount-'));
  try {
    mount('size=4k', folder);
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
})();

/** 256 KiB; unmounted and removed after the test. */
export function smallFileSystem(): SmallFileSystem {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'file-registry-mount-')));
  mount(`size=${sizeBytes}`, folder);
  let mounted = true;
  const unmount = () => {
    if (mounted) execFileSync('umount', [folder], { stdio: 'ignore' });
    mounted = false;
  };
  onTestFinished(() => {
    unmount();
    rmdirSync(folder);
  });
  return { folder, unmount, remount: (options) => mount(`remount,${options}`, folder) };
}
