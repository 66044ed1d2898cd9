import { unlink } from 'node:fs/promises';
import { errorCode } from './error-code.js';

/** Removes a file that may be gone already. Rejects with the system's error. */
export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
}
