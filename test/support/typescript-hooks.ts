/**
 * Lets Node run the project's TypeScript as it is, decorators and their metadata included: `node --import` this file. Node's
 * own type stripping knows no decorators.
 */
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const project = new URL('../../', import.meta.url);
const { config } = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', project)), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, fileURLToPath(project));

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
    const fileName = fileURLToPath(url);
    const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), {
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
    return { format: 'module', source: outputText, shortCircuit: true };
  },
});
