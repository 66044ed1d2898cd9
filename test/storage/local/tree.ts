import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every file and folder below a folder, as sorted relative paths; folders end with `/`. */
export async function tree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)) + (entry.isDirectory() ? '/' : ''))
    .sort();
}
