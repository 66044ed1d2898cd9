import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

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
  const sources = (await readdir(join(project, 'src'), { recursive: true })).map((path) => join('src', path));
  const workers = ['memory-worker.ts', 'generated-storage.ts'].map((name) =>
    join('test/reconcile/support', name),
  );
  for (const path of [...sources, ...workers].filter((name) => name.endsWith('.ts')))
    await compile(path, folder);
  return fork(join(folder, 'test/reconcile/support/memory-worker.js'), args, {
    execArgv: flags,
  });
}

async function compile(path: string, folder: string): Promise<void> {
  const { outputText } = ts.transpileModule(await readFile(join(project, path), 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const target = join(folder, path.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, outputText);
}
