import { open } from 'node:fs/promises';
import { errorCode } from './error-code.js';

/** What a file system answers that knows no fsync of folders. Nothing more can be done there; PostgreSQL goes on as well. */
const unknownToFileSystem = new Set<string | undefined>(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * Makes the names in a folder durable: what was created, renamed or removed there survives a power failure once this
 * resolves. Rejects with the system's error.
 */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file systems write names through their journal.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!unknownToFileSystem.has(errorCode(error))) throw error;
  } finally {
    await handle.close();
  }
}
