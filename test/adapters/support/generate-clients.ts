import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Generates the client of every Prisma schema below the folder, where schema or version have changed. Answers why it could not.
 */
export async function generateClients(folder: string): Promise<string | undefined> {
  const version = await readFile(join(folder, 'node_modules/prisma/package.json'), 'utf8');
  const exclude = (name: string) => ['node_modules', 'generated'].includes(name);
  for await (const path of glob('**/*.prisma', { cwd: folder, exclude })) {
    const schema = join(folder, path);
    const hash = createHash('sha256')
      .update(version)
      .update(path)
      .update(await readFile(schema));
    const mark = join(folder, 'generated', `${hash.digest('hex')}.done`);
    if (existsSync(mark)) continue;
    try {
      await promisify(execFile)(
        process.execPath,
        [join(folder, 'node_modules/prisma/build/index.js'), 'generate', '--schema', schema],
        // With a driver adapter the client needs no engine; naming any program keeps Prisma from fetching one.
        { cwd: folder, env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath } },
      );
    } catch (error) {
      return `prisma generate failed: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
    }
    await mkdir(join(folder, 'generated'), { recursive: true });
    await writeFile(mark, '');
  }
  return undefined;
}
