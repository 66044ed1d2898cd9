import { spawn } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';
import { TemporaryFolder } from '../../support/temporary-folder.js';
import { RunningProgram, type Ended } from './running-program.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Below the program's folder. Default: a folder without anything in it. */
  readonly folder?: string;
  /** Through a pseudo-terminal of `script`, where stdout and stderr are one. */
  readonly terminal?: boolean;
}

/**
 * The package as an application has it installed, compiled once for a test file: a program that starts in a fraction of the time
 * that compiling at every start takes. Files below its folder import the package by its name.
 */
export class CompiledProgram {
  private constructor(private readonly root: TemporaryFolder) {}

  static async create(): Promise<CompiledProgram> {
    const root = await TemporaryFolder.create('cli');
    afterAll(() => root.remove());
    const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
    for (const file of [...globSync('src/**/*.ts', { cwd: project }), 'test/cli/support/application.ts']) {
      const { outputText } = ts.transpileModule(readFileSync(join(project, file), 'utf8'), {
        fileName: file,
        compilerOptions: {
          ...options,
          module: ts.ModuleKind.ESNext,
          moduleResolution: ts.ModuleResolutionKind.Bundler,
          noEmit: false,
          declaration: false,
          sourceMap: false,
        },
      });
      const target = join(
        root.path,
        file
          .replace(/^src/, 'dist')
          .replace(/^test\/cli\/support/, 'app')
          .replace(/ts$/, 'js'),
      );
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, outputText);
    }
    copyFileSync(join(project, 'package.json'), join(root.path, 'package.json'));
    for (const beside of ['migrations', 'node_modules']) {
      symlinkSync(join(project, beside), join(root.path, beside));
    }
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
          NODE_COMPILE_CACHE: join(this.root.path, 'cache'),
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
