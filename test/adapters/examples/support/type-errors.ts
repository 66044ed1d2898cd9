import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { docsBlocks } from '../../../examples/docs.js';
import { folderOf } from './example.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** One error of our own, so that a check which looks at nothing does not pass. */
const wrong = "import { Articles } from './articles.js';\nexport const wrong: number = Articles;\n";

/** The services are what the suites take them for. */
const conforming = `
import type { ExampleArticles, ExampleAuthors } from '../../../test/adapters/examples/support/example-application.js';
import type { Articles } from './articles.js';
import type { Authors } from './authors.js';
export const articles = (service: Articles): ExampleArticles => service;
export const authors = (service: Authors): ExampleAuthors => service;
`;

/** Compiles an example and the code of its page as its own tsconfig.json says, with the registry's sources; answers the errors in them. */
export function typeErrors(example: string): string[] {
  const folder = folderOf(example);
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const inMemory = new Map([
    [join(folder, 'src/wrong.ts'), wrong],
    [join(folder, 'src/conforming.ts'), conforming],
    ...docsBlocks(`${example}.md`)
      .filter(({ source }) => source === undefined)
      .map(({ code }, index) => [join(folder, `src/page-${index}.ts`), code] as const),
  ]);

  const { rootDir: _, ...given } = options;
  const compilerOptions: ts.CompilerOptions = {
    ...given,
    noEmit: true,
    lib: ['lib.es2024.d.ts', 'lib.esnext.array.d.ts', 'lib.esnext.disposable.d.ts'],
    typeRoots: [join(root, 'node_modules/@types')],
    paths: {
      'nestjs-file-registry': [join(root, 'src/index.ts')],
      'nestjs-file-registry/adapters': [join(root, 'src/adapters/index.ts')],
    },
  };
  const host = ts.createCompilerHost(compilerOptions);
  const { readFile, fileExists } = host;
  host.readFile = (name) => inMemory.get(name) ?? readFile(name);
  host.fileExists = (name) => inMemory.has(name) || fileExists(name);

  const program = ts.createProgram([...fileNames, ...inMemory.keys()], compilerOptions, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || file.fileName.startsWith(folder))
    .map(
      ({ file, messageText }) =>
        `${file?.fileName.slice(folder.length)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}
