import { errorCode } from './error-code.js';
import { syncFolder } from './sync-folder.js';
import { withPassingFile } from './with-passing-file.js';

/**
 * Makes, syncs and removes a file: permission bits do not tell about read-only file systems, and mean nothing to root. A
 * full disk passes, because the deletions that mend it need the storage. Rejects with the system's error.
 */
export async function probeFolder(folder: string): Promise<void> {
  await withPassingFile(folder, 'write', async (handle) => {
    try {
      await handle.write('.');
      await handle.sync();
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    }
  });
  await syncFolder(folder);
}
