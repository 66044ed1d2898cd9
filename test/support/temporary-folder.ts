import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

/** A folder of one's own below the system's temporary folder: `await using folder = await TemporaryFolder.create()`. */
export class TemporaryFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(purpose = 'test'): Promise<TemporaryFolder> {
    return new TemporaryFolder(await mkdtemp(join(await realpath(tmpdir()), `file-registry-${purpose}-`)));
  }

  /** All regular files and symbolic links below, as sorted paths with `/`, relative to the folder. */
  async files(): Promise<string[]> {
    return (await this.entries()).filter((entry) => !entry.endsWith('/'));
  }

  /** The same with the folders, which end with `/`. */
  async entries(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    return entries
      .map((entry) => {
        const path = relative(this.path, join(entry.parentPath, entry.name)).replaceAll(sep, '/');
        return entry.isDirectory() ? `${path}/` : path;
      })
      .toSorted();
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
