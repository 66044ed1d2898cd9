/**
 * Packs the package as npm would publish it and uses it as a stranger would: from an ES module and from a CommonJS file, beside
 * nothing but what package.json declares.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import ts from 'typescript';

const project = join(import.meta.dirname, '..', '..');
const {
  name,
  dependencies,
  exports: exported,
  peerDependencies,
} = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  name: string;
  dependencies: object;
  exports: Record<string, string | { types: string }>;
  peerDependencies: object;
};

const folder = mkdtempSync(join(tmpdir(), 'file-registry-package-'));
try {
  const tarball = pack();
  checkContents(tarball.files.map((file) => file.path));
  install(join(folder, tarball.filename));
  checkImports();
  checkTypes();
  console.log(
    `${tarball.filename}: ${tarball.files.length} files, imported from ESM and CommonJS, types checked`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function pack(): { filename: string; files: { path: string }[] } {
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: project,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  // A list up to npm 11, an object by package name since npm 12.
  const [tarball] = Object.values(JSON.parse(output) as Record<string, ReturnType<typeof pack>>);
  assert(tarball, 'npm pack made no tarball');
  return tarball;
}

function checkContents(paths: string[]): void {
  const expected = [
    /^dist\/.+\.(js|d\.ts)$/,
    /^migrations\/\d{4}-[a-z-]+\.sql$/,
    /^docs\/[\w-]+\.md$/,
    /^examples\/.+\.(ts|js|json|sql|prisma|toml|jpg|png|svg|webp)$/,
    /^(package\.json|(README|CHANGELOG)\.md|LICENSE)$/,
  ];
  const unwanted =
    /\.test\.|^dist\/(src|test|examples)\/|\/node_modules\/|^examples\/.*\/(dist|generated|\.)/;
  const strangers = paths.filter(
    (path) => !expected.some((pattern) => pattern.test(path)) || unwanted.test(path),
  );
  assert.deepEqual(strangers, [], 'files that do not belong into the package');

  const migrations = readdirSync(join(project, 'migrations')).map((file) => `migrations/${file}`);
  const required = [
    'dist/index.js',
    'dist/index.d.ts',
    ...[
      'adapters',
      'health',
      'http',
      'renditions/sharp',
      'storage/s3',
      'telemetry/opentelemetry',
      'testing',
    ].flatMap((part) => [`dist/${part}/index.js`, `dist/${part}/index.d.ts`]),
    'dist/cli/main.js',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    ...migrations,
  ];
  const missing = required.filter((path) => !paths.includes(path));
  assert.deepEqual(missing, [], 'files that are missing in the package');

  // A README is read where the package is installed and on its page, so what it links to goes along.
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  const linked = Array.from(readme.matchAll(/\]\(([^)\s#]+)[^)]*\)/g), ([, link = '']) => link).filter(
    (link) => !/^https?:/.test(link),
  );
  assert(linked.length > 10, 'the README links to nothing');
  const broken = linked.filter((link) => !paths.some((path) => path === link || path.startsWith(`${link}/`)));
  assert.deepEqual(broken, [], 'links of the README that lead out of the package');
}

function install(tarball: string): void {
  const installed = join(folder, 'node_modules', name);
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);

  for (const declared of Object.keys({ ...dependencies, ...peerDependencies })) {
    const link = join(folder, 'node_modules', declared);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(project, 'node_modules', declared), link, 'junction');
  }
}

function checkImports(): void {
  const parts = [
    ['registry', ''],
    ['testing', '/testing'],
    ['adapters', '/adapters'],
    ['http', '/http'],
    ['s3', '/s3'],
    ['sharp', '/sharp'],
    ['opentelemetry', '/opentelemetry'],
    ['terminus', '/terminus'],
  ];
  const check = `
    for (const name of ['FileRegistryModule', 'FileRegistry', 'localStorage', 'migrate', 'up', 'migrationSql']) {
      if (typeof registry[name] !== 'function') throw new Error(name + ' is not exported');
    }
    registry.migrationSql({ schema: 'elsewhere' }).then((sql) => {
      if (!/create table "?elsewhere"?\\.files/i.test(sql)) throw new Error('the migrations cannot be read');
    });
    for (const name of ['storageContract', 'memoryStorage', 'faultyStorage', 'drainAll', 'assertSettled']) {
      if (typeof testing[name] !== 'function') throw new Error(name + ' is not exported from ./testing');
    }
    for (const name of ['typeorm', 'prisma', 'drizzle', 'mikroOrm', 'knex', 'sequelize', 'postgresJs', 'ambient']) {
      if (typeof adapters[name] !== 'function') throw new Error(name + ' is not exported from ./adapters');
    }
    if (typeof opentelemetry.openTelemetry !== 'function') throw new Error('openTelemetry is not exported from ./opentelemetry');
    if (typeof terminus.FileRegistryHealthIndicator !== 'function') throw new Error('FileRegistryHealthIndicator is not exported from ./terminus');
    if (typeof s3.s3Storage !== 'function') throw new Error('s3Storage is not exported from ./s3');
    for (const name of ['sendFile', 'uploadStorage', 'DiscardUploadsInterceptor', 'FileRegistryExceptionFilter', 'httpExceptionOf']) {
      if (typeof http[name] !== 'function') throw new Error(name + ' is not exported from ./http');
    }
    for (const name of ['sharpMaker', 'cropTo']) {
      if (typeof sharp[name] !== 'function') throw new Error(name + ' is not exported from ./sharp');
    }
    for (const part of [registry, testing, adapters, opentelemetry, terminus, http, s3, sharp]) {
      console.log(Object.keys(part).filter((name) => name !== '__esModule').sort().join(' '));
    }`;
  writeFileSync(
    join(folder, 'esm.mjs'),
    `${parts.map(([part, path]) => `import * as ${part} from '${name}${path}';`).join('')}${check}`,
  );
  writeFileSync(
    join(folder, 'commonjs.cjs'),
    `${parts.map(([part, path]) => `const ${part} = require('${name}${path}');`).join('')}${check}`,
  );

  const [esm, commonjs] = ['esm.mjs', 'commonjs.cjs'].map((file) =>
    execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' }),
  );
  assert.equal(commonjs, esm, 'ESM and CommonJS see different exports');

  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  const cli = join(folder, 'node_modules', name, 'dist/cli/main.js');
  const answered = execFileSync(process.execPath, [cli, '--version'], { cwd: folder, encoding: 'utf8' });
  assert.equal(answered.trim(), version, 'the command line does not start');
}

/** Its declarations stand without `skipLibCheck`: what was stripped as internal must not be what an interface asks for. */
function checkTypes(): void {
  const installed = join(realpathSync(folder), 'node_modules', name, 'dist');
  const entries = Object.values(exported).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.types],
  );
  const program = ts.createProgram({
    rootNames: entries.map((entry) => join(installed, '..', entry)),
    options: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      noEmit: true,
      types: [join(project, 'node_modules/@types/node')],
    },
  });
  const own = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(installed.replaceAll(sep, '/')));
  assert(own.length > entries.length, 'the declarations are not there');
  const errors = own.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  const told = errors.map(
    ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
  assert.deepEqual(told, [], 'declarations that do not pass the type check');
}
