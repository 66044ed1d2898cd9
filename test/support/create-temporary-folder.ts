import { afterAll } from 'vitest';
import { TemporaryFolder } from './temporary-folder.js';

/** A temporary folder for the test file that calls it, at its top level; removed after the file's last test. */
export async function createTemporaryFolder(purpose?: string): Promise<TemporaryFolder> {
  const folder = await TemporaryFolder.create(purpose);
  afterAll(() => folder.remove());
  return folder;
}
