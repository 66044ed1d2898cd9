import { type ChildProcess, fork } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileInto } from '../../support/compile-into.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Starts the memory worker as plain JavaScript, compiled into `folder`: the compiler that other workers carry along takes 200 MiB.
 */
export async function forkMemoryWorker(
  folder: string,
  args: string[],
  flags: string[] = [],
): Promise<ChildProcess> {
  for (const name of ['node_modules', 'migrations']) await symlink(join(project, name), join(folder, name));
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'nestjs-file-registry', type: 'module', exports: './src/index.js' }),
  );
  compileInto(folder, ['src/**/*.ts', 'test/reconcile/support/{memory-worker,generated-storage}.ts']);
  return fork(join(folder, 'test/reconcile/support/memory-worker.js'), args, {
    execArgv: flags,
  });
}
