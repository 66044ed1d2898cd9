/**
 * Lets Node run the project's TypeScript as it is, decorators and their metadata included: `node --import` this file. Node's
 * own type stripping knows no decorators. What was compiled is kept beside the installed packages: a test forks dozens of processes,
 * and each would compile 300 files.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type TypeScript from 'typescript';

const require = createRequire(import.meta.url);
const project = new URL('../../', import.meta.url);
const cache = new URL('node_modules/.cache/typescript-hooks/', project);
const compiler = [
  readFileSync(new URL('tsconfig.json', project), 'utf8'),
  readFileSync(new URL('node_modules/typescript/package.json', project), 'utf8'),
].join();

/** The package by its names, as package.json exports them. */
const entries: Readonly<Record<string, string>> = {
  'nestjs-file-registry': 'src/index.ts',
  'nestjs-file-registry/adapters': 'src/adapters/index.ts',
  'nestjs-file-registry/s3': 'src/storage/s3/index.ts',
  'nestjs-file-registry/http': 'src/http/index.ts',
  'nestjs-file-registry/opentelemetry': 'src/telemetry/opentelemetry/index.ts',
  'nestjs-file-registry/sharp': 'src/renditions/sharp/index.ts',
  'nestjs-file-registry/terminus': 'src/health/index.ts',
  'nestjs-file-registry/testing': 'src/testing/index.ts',
};

registerHooks({
  resolve(specifier, context, next) {
    const entry = entries[specifier];
    if (entry !== undefined) return next(new URL(entry, project).href, context);
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(source)) return next(source.href, context);
    }
    return next(specifier, context);
  },

  load(url, context, next) {
    if (!url.startsWith(project.href) || !url.endsWith('.ts')) return next(url, context);
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
  },
});

function compiled(fileName: string): string {
  const source = readFileSync(fileName, 'utf8');
  const name = createHash('sha256').update([compiler, fileName, source].join('\0')).digest('hex');
  const kept = new URL(`${name}.js`, cache);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');

  const output = compile(fileName, source);
  mkdirSync(cache, { recursive: true });
  // Other processes may be writing the same file.
  const written = new URL(`${name}.${process.pid}`, cache);
  writeFileSync(written, output);
  renameSync(written, kept);
  return output;
}

function compile(fileName: string, source: string): string {
  // Loading the compiler takes as long as running what it has compiled.
  const ts = require('typescript') as typeof TypeScript;
  const { config } = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', project)), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, fileURLToPath(project));
  const { outputText } = ts.transpileModule(source, {
    fileName,
    compilerOptions: {
      ...options,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      noEmit: false,
      declaration: false,
      sourceMap: false,
      inlineSourceMap: true,
    },
  });
  return outputText;
}
