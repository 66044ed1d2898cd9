import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileInto } from '../../support/compile-into.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const kept = join(project, 'node_modules/.cache/compiled-package');

/**
 * A folder with the package as it is installed, compiled once for as long as the sources stay as they are: compiling 300 files in each
 * of a dozen test files took a third of their time.
 */
export function compiledPackage(): string {
  const folder = join(kept, contentHash());
  if (existsSync(folder)) return folder;

  mkdirSync(kept, { recursive: true });
  const made = mkdtempSync(join(kept, 'being-made-'));
  compileInto(made, ['src/**/*.ts'], { place: (file) => file.replace(/^src/, 'dist') });
  copyFileSync(join(project, 'package.json'), join(made, 'package.json'));
  for (const beside of ['migrations', 'node_modules']) symlinkSync(join(project, beside), join(made, beside));
  try {
    renameSync(made, folder);
  } catch (error) {
    // Another test file was faster.
    rmSync(made, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function contentHash(): string {
  const hash = createHash('sha256');
  for (const file of [
    'package.json',
    'tsconfig.json',
    ...globSync('src/**/*.ts', { cwd: project }).toSorted(),
  ]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(project, file)))
      .update('\0');
  }
  return hash.digest('hex');
}
