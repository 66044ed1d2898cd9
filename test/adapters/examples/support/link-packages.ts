import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderOf } from './example.js';

/** Where packages are installed already; what the registry itself needs comes from the root, so that it is there once. */
const installed = ['../../../../node_modules/', '../../node_modules/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Makes an example's node_modules out of what its package.json names: links instead of an installation. */
export async function linkPackages(example: string): Promise<void> {
  const folder = folderOf(example);
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));

  await rm(join(folder, 'node_modules'), { recursive: true, force: true });
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const source = installed.map((place) => join(place, name)).find((path) => existsSync(path));
    if (source === undefined) continue;
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(source, link, 'junction');
  }
}
