import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Where Debian puts servers, which is not on everybody's PATH. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin'];

/** The path of a program of the system, if it is there. */
export async function findBinary(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...systemFolders]) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
