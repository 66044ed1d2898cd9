import { execFile, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileSystemOf, type FileSystem } from './file-system.js';

const run = promisify(execFile);
const imageBytes = 6 * 1024 ** 3;
const inodes = 600_000;

/** Where the files of a run are; gone with the run, however that ends short of SIGKILL. */
export class MediaFolder implements AsyncDisposable {
  private made = 0;

  private constructor(
    readonly path: string,
    readonly fileSystem: FileSystem,
    /** For headlines: which file system it is. */
    readonly description: string,
    private readonly removeAtExit: () => void,
  ) {}

  static async create({ loopExt4 }: { loopExt4: boolean }): Promise<MediaFolder> {
    const base = await mkdtemp(join(await realpath(tmpdir()), 'file-registry-bench-'));
    const mountPoint = join(base, 'ext4');
    const remove = () => {
      if (loopExt4) unmount(mountPoint);
      rmSync(base, { recursive: true, force: true, maxRetries: 5 });
    };
    process.once('exit', remove);
    try {
      if (loopExt4) await mountExt4(join(base, 'image'), mountPoint);
      const path = loopExt4 ? mountPoint : base;
      const fileSystem = await fileSystemOf(path);
      return new MediaFolder(path, fileSystem, describe(fileSystem, loopExt4), remove);
    } catch (error) {
      remove();
      throw error;
    }
  }

  /** An empty folder of a system's own. */
  async folder(): Promise<string> {
    const path = join(this.path, `media-${++this.made}`);
    await mkdir(path);
    return path;
  }

  /** Files that are not written back yet unlink fifty times too fast. Other file systems may take minutes, and do not matter. */
  async sync(): Promise<void> {
    await run('sync', process.platform === 'linux' ? ['--file-system', this.path] : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.removeAtExit);
    this.removeAtExit();
  }
}

/** Initialized at once: ext4 would otherwise write its inode tables in the background, into the samples. */
async function mountExt4(image: string, mountPoint: string): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error(
      '--loop-ext4 mounts a file system and needs root on Linux. Run it as root, or leave it out.',
    );
  }
  await writeFile(image, '');
  await truncate(image, imageBytes);
  const layout = ['-N', String(inodes), '-E', 'nodiscard,lazy_itable_init=0,lazy_journal_init=0'];
  await run('mkfs.ext4', ['-q', '-F', ...layout, image]);
  await mkdir(mountPoint);
  await run('mount', ['-o', 'loop,nodiscard', image, mountPoint]);
}

/** Where somebody is still at work in there, it disappears now and ends when he does. */
function unmount(mountPoint: string): void {
  if (spawnSync('umount', [mountPoint], { stdio: 'ignore' }).status !== 0) {
    spawnSync('umount', ['--lazy', mountPoint], { stdio: 'ignore' });
  }
}

function describe({ type, discards }: FileSystem, loopExt4: boolean): string {
  if (loopExt4) return `loop-mounted ${type}, nodiscard`;
  if (discards === undefined) return `${type} file system`;
  return discards
    ? `${type} mounted with discard: unlinking waits for TRIM, differences are hidden; use --loop-ext4`
    : `${type} without discard`;
}
