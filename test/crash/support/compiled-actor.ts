import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileInto } from '../../support/compile-into.js';
import { TemporaryFolder } from '../../support/temporary-folder.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The process of the play, compiled once: it starts in a fraction of the time that compiling at every start takes, which is
 * what a run with many deaths consists of.
 */
export class CompiledActor implements AsyncDisposable {
  private constructor(private readonly folder: TemporaryFolder) {}

  static async create(): Promise<CompiledActor> {
    const folder = await TemporaryFolder.create('actor');
    compileInto(folder.path, ['src/**/*.ts', 'test/crash/support/*.ts'], { inlineSourceMap: true });
    const name = 'nestjs-file-registry';
    writeFileSync(
      join(folder.path, 'package.json'),
      JSON.stringify({ name, type: 'module', exports: './src/index.js' }),
    );
    for (const beside of ['migrations', 'node_modules']) {
      symlinkSync(join(project, beside), join(folder.path, beside));
    }
    return new CompiledActor(folder);
  }

  fork(): ChildProcess {
    return fork(join(this.folder.path, 'test/crash/support/actor.js'), [], {
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(this.folder.path, 'cache') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder.remove();
  }
}
