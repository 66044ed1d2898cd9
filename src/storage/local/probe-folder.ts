import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './error-code.js';
import { syncFolder } from './sync-folder.js';

/**
 * Makes, syncs and removes a file: permission bits do not tell about read-only file systems, and mean nothing to root. A
 * full disk passes, because the deletions that mend it need the storage. Rejects with the system's error.
 */
export async function probeFolder(folder: string): Promise<void> {
  const path = join(folder, `.file-registry-check-${randomUUID()}`);
  const handle = await open(path, 'wx');
  try {
    await handle.write('.');
    await handle.sync();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  } finally {
    await handle.close();
    await unlink(path);
  }
  await syncFolder(folder);
}
