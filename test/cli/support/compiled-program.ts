import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { compileCache } from '../../support/compile-cache.js';
import { compileInto } from '../../support/compile-into.js';
import { TemporaryFolder } from '../../support/temporary-folder.js';
import { compiledPackage } from './compiled-package.js';
import { RunningProgram, type Ended } from './running-program.js';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Below the program's folder. Default: a folder without anything in it. */
  readonly folder?: string;
  /** Through a pseudo-terminal of `script`, where stdout and stderr are one. */
  readonly terminal?: boolean;
}

/**
 * The package as an application has it installed: a program that starts in a fraction of the time that compiling at every start
 * takes. Files below its folder import the package by its name.
 */
export class CompiledProgram {
  private constructor(private readonly root: TemporaryFolder) {}

  static async create(): Promise<CompiledProgram> {
    const root = await TemporaryFolder.create('cli');
    afterAll(() => root.remove());
    const installed = compiledPackage();
    for (const part of ['dist', 'migrations', 'node_modules']) {
      symlinkSync(join(installed, part), join(root.path, part));
    }
    copyFileSync(join(installed, 'package.json'), join(root.path, 'package.json'));
    compileInto(root.path, ['test/cli/support/application.ts'], { place: () => 'app/application.ts' });
    mkdirSync(join(root.path, 'empty'));
    return new CompiledProgram(root);
  }

  /** Writes files into a folder below the program's and answers its name. */
  folder(name: string, files: Readonly<Record<string, string>>): string {
    mkdirSync(join(this.root.path, name), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(this.root.path, name, file), content);
    }
    return name;
  }

  path(name: string): string {
    return join(this.root.path, name);
  }

  start(
    args: readonly string[],
    { env = {}, folder = 'empty', terminal = false }: RunOptions = {},
  ): RunningProgram {
    const command = [process.execPath, join(this.root.path, 'dist/cli/main.js'), ...args];
    const inherited = Object.entries(process.env).filter(
      ([name]) =>
        name === 'FILE_REGISTRY_TEST_RUN' ||
        !/^(DATABASE_URL|FILE_REGISTRY_.*|NO_COLOR|FORCE_COLOR|VITEST.*|NODE_OPTIONS)$/.test(name),
    );
    const [file = '', ...rest] = terminal
      ? ['script', '--quiet', '--return', '--command', command.map(quoted).join(' '), '/dev/null']
      : command;
    return new RunningProgram(
      spawn(file, rest, {
        cwd: join(this.root.path, folder),
        env: {
          ...Object.fromEntries(inherited),
          NODE_COMPILE_CACHE: compileCache,
          COLUMNS: '200',
          ...env,
        },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const running = this.start(args, options);
    if (options.terminal !== true) {
      running.process.stdin?.end();
    }
    return running.ended;
  }
}

/** For the shell that `script` runs. */
export function quoted(argument: string): string {
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
