import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const project = fileURLToPath(new URL('../../', import.meta.url));

export interface CompileOptions {
  /** Where a file lies below the folder. Default: where it lies below the project. */
  readonly place?: (file: string) => string;
  /** For stacks that name the sources. */
  readonly inlineSourceMap?: boolean;
}

/** Compiles files of the project into a folder, without checking types: for programs that start often. */
export function compileInto(
  folder: string,
  patterns: readonly string[],
  { place = (file) => file, inlineSourceMap = false }: CompileOptions = {},
): void {
  const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  for (const file of globSync([...patterns], { cwd: project })) {
    const { outputText } = ts.transpileModule(readFileSync(join(project, file), 'utf8'), {
      fileName: file,
      compilerOptions: {
        ...options,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        noEmit: false,
        declaration: false,
        sourceMap: false,
        inlineSourceMap,
      },
    });
    const target = join(folder, place(file).replace(/ts$/, 'js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
}
