import { join } from 'node:path';
import ts from 'typescript';
import { project } from './run-script.js';

/** Of files that exist in memory only, as if they were in `examples/`, compiled as the project is. */
export function typeErrors(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(project, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  const inMemory = new Map(Array.from(files, ([name, text]) => [join(project, 'examples', name), text]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => inMemory.get(name) ?? readFile(name);
  host.fileExists = (name) => inMemory.has(name) || fileExists(name);

  return ts
    .getPreEmitDiagnostics(ts.createProgram([...inMemory.keys()], options, host))
    .filter(({ file }) => file === undefined || inMemory.has(file.fileName))
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}
