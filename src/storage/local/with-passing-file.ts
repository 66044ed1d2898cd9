import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { unlinkIfThere } from './unlink-if-there.js';

const { O_CREAT, O_NOFOLLOW = 0, O_TRUNC, O_WRONLY } = constants;

/**
 * Lets `work` have an empty file in the folder, which is gone afterwards. Its name is always the same for a user, so that what a
 * process left that was killed in between goes with the next; several may have it at the same time. Rejects with the system's error.
 */
export async function withPassingFile<Result>(
  folder: string,
  purpose: 'write' | 'time',
  work: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const path = join(folder, `.file-registry-check-${purpose}-${process.getuid?.() ?? 0}`);
  const handle = await open(path, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    return await work(handle);
  } finally {
    await handle.close();
    await unlinkIfThere(path);
  }
}
