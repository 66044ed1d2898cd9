import { expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';

const cli = await createCli();
const { program, registry } = cli;
const url = registry.database.connectionString;
const database = `new Pool({ connectionString: ${JSON.stringify(url)} })`;

test('a file may be JavaScript or TypeScript, an object or a function, and named anyhow', async () => {
  program.folder('mjs', {
    'file-registry.config.mjs': `import { Pool } from 'pg';
      export default async () => { const pool = ${database}; console.log('loaded'); return { database: pool, close: () => pool.end() }; };`,
  });
  program.folder('ts', {
    'file-registry.config.ts': `import type { FileRegistryOptions } from 'nestjs-file-registry';
      import { Pool } from 'pg';
      const pool: Pool = ${database};
      export default { database: pool, close: () => pool.end() } satisfies Partial<FileRegistryOptions> & { close(): unknown };`,
  });
  program.folder('named', {
    'other.js': `import { Pool } from 'pg'; const pool = ${database}; export default () => ({ database: pool });`,
  });
  expect((await cli.run(['tracked', '--json'], { folder: 'mjs' })).json).toEqual({ tracked: [] });
  expect((await cli.run(['tracked', '--json'], { folder: 'ts' })).json).toEqual({ tracked: [] });
  expect((await cli.run(['tracked', '--json', '--config', '../named/other.js'])).json).toEqual({
    tracked: [],
  });
});

test('the environment alone will do, and wins over the file; options win over both', async () => {
  const { environment } = cli;
  expect(
    (await cli.run(['drain', '--json'], { folder: 'empty', env: environment })).json.obstacle,
  ).toBeNull();
  expect(await cli.run(['status'], { env: { FILE_REGISTRY_SCHEMA: 'elsewhere' } })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('"elsewhere" is missing'),
  });
  const both = { env: { FILE_REGISTRY_SCHEMA: 'elsewhere', DATABASE_URL: 'postgresql://localhost:1/none' } };
  expect((await cli.run(['status', '--database-url', url, '--schema', 'file_registry'], both)).exitCode).toBe(
    0,
  );
  expect((await cli.run(['status', '--schema', 'file_registry'], both)).stderr).toContain('no answer');
});

test('without a file, what goes by periods says that they are the defaults', async () => {
  const { DATABASE_URL } = cli.environment;
  const noted = await cli.run(['status'], {
    folder: 'empty',
    env: { DATABASE_URL } as Record<string, string>,
  });
  expect(noted.stderr).toContain('set FILE_REGISTRY_GRACE_PERIOD_MS and FILE_REGISTRY_UNATTACHED_TTL_MS');
  expect((await cli.run(['status'], { folder: 'empty', env: cli.environment })).stderr).toBe('');
});

test('periods of the environment govern', async () => {
  const file = await registry.store();
  const env = { ...cli.environment, FILE_REGISTRY_UNATTACHED_TTL_MS: '0' };
  expect((await cli.run(['drain'], { folder: 'empty', env: cli.environment })).exitCode).toBe(0);
  expect(await registry.hasBytes(file)).toBe(true);
  expect((await cli.run(['drain'], { folder: 'empty', env })).exitCode).toBe(0);
  expect(await registry.hasBytes(file)).toBe(false);
});

test('rows alone need no storages, bytes do', async () => {
  const env = { DATABASE_URL: url };
  for (const command of [['status'], ['tracked'], ['verify'], ['retry'], ['resume'], ['migrate']]) {
    expect((await cli.run(command, { folder: 'empty', env })).exitCode).toBe(0);
  }
  const drained = await cli.run(['drain', '--json'], { folder: 'empty', env });
  expect(drained).toMatchObject({ exitCode: 2, json: { error: { code: 'CLI_USAGE' } } });
  expect(drained.stderr).toContain('FILE_REGISTRY_STORAGE_MEDIA=file:///srv/media');
});

test('a bucket by its URL goes through the SDK, with an endpoint of its own', async () => {
  const env = {
    ...cli.environment,
    FILE_REGISTRY_STORAGE_MEDIA: 's3://bucket/some/prefix?endpoint=http://127.0.0.1:1&region=us-east-1',
    AWS_ACCESS_KEY_ID: 'nobody',
    AWS_SECRET_ACCESS_KEY: 'nothing',
  };
  const away = await cli.run(['drain', '--json'], { folder: 'empty', env });
  expect(away).toMatchObject({ exitCode: 1, json: { error: { code: expect.stringMatching(/^STORAGE_/) } } });
  expect(away.json.error.message).toContain('bucket');
});

test.each([
  ['nothing at all', {}, ['status'], 'Set DATABASE_URL=postgresql://'],
  ['no such file', {}, ['status', '--config', 'mine.js'], 'there is no file'],
  [
    'a URL of something else',
    { DATABASE_URL: 'mysql://root:secret@localhost/x' },
    ['status'],
    'postgresql://user:password@host',
  ],
  [
    'a storage without a scheme',
    { FILE_REGISTRY_STORAGE_MEDIA: '/srv/media' },
    ['drain'],
    'file:///path or s3://bucket/prefix',
  ],
  [
    'a folder of another host',
    { FILE_REGISTRY_STORAGE_MEDIA: 'file://srv/media' },
    ['drain'],
    'absolute path',
  ],
  [
    'a parameter that is unknown',
    { FILE_REGISTRY_STORAGE_MEDIA: 's3://bucket/x?zone=1' },
    ['drain'],
    "'zone' is unknown",
  ],
  [
    'credentials in a URL',
    { FILE_REGISTRY_STORAGE_MEDIA: 's3://key:secret@bucket' },
    ['drain'],
    'AWS_ACCESS_KEY_ID',
  ],
  [
    'a path that # cuts off in a bucket',
    { FILE_REGISTRY_STORAGE_MEDIA: 's3://bucket/#1/media' },
    ['drain'],
    'write %23',
  ],
  [
    'a path that # cuts off on disk',
    { FILE_REGISTRY_STORAGE_MEDIA: 'file:///tmp#1/media' },
    ['drain'],
    'write %23',
  ],
  ['a path that ? cuts off', { FILE_REGISTRY_STORAGE_MEDIA: 'file:///tmp?1' }, ['drain'], '%3F'],
  ['a % that begins no byte', { FILE_REGISTRY_STORAGE_MEDIA: 's3://bucket/100%/x' }, ['drain'], 'write %25'],
  [
    'a server in the place of the bucket',
    { FILE_REGISTRY_STORAGE_MEDIA: 's3://localhost:9000/media' },
    ['drain'],
    'endpoint=https://localhost:9000',
  ],
  [
    'a folder that is not there',
    { FILE_REGISTRY_STORAGE_MEDIA: 'file:///no/such/folder' },
    ['drain'],
    '/no/such/folder',
  ],
  [
    'two places for one storage',
    { FILE_REGISTRY_STORAGE_MEDIA: 'file:///tmp', FILE_REGISTRY_STORAGE_media: 'file:///srv' },
    ['drain'],
    "FILE_REGISTRY_STORAGE_MEDIA and FILE_REGISTRY_STORAGE_media both say where the storage 'media' is",
  ],
  [
    'two storages and no default',
    { FILE_REGISTRY_STORAGE_A: 'file:///tmp', FILE_REGISTRY_STORAGE_B: 'file:///srv' },
    ['drain'],
    'defaultStorage: with several storages it has to say which one `store` writes to: expected one of a, b',
  ],
  [
    'a number that is none',
    { FILE_REGISTRY_GRACE_PERIOD_MS: '1 day' },
    ['status'],
    'FILE_REGISTRY_GRACE_PERIOD_MS: expected a whole number',
  ],
  [
    'a number out of bounds',
    { FILE_REGISTRY_PROCESSOR_BATCH_SIZE: '0' },
    ['status'],
    'processor.batchSize: expected',
  ],
  ['an option that is unknown', {}, ['status', '--chek'], "unknown option '--chek'"],
  ['a command that is unknown', {}, ['statsu'], 'Did you mean status?'],
  ['an argument too many', {}, ['status', 'now'], 'too many arguments'],
  ['an argument too few', {}, ['explain'], "missing required argument 'id'"],
  [
    'a choice that is none',
    {},
    ['track', 'a', 'b', '--existing', 'never'],
    'Allowed choices are now, later, again',
  ],
])('%s', async (_, env, args, message) => {
  const base = 'DATABASE_URL' in env || Object.keys(env).length === 0 ? {} : { DATABASE_URL: url };
  const wrong = await cli.run([...args, '--json'], { folder: 'empty', env: { ...base, ...env } });
  expect(wrong.exitCode).toBe(message.startsWith('/no') ? 1 : 2);
  expect(wrong.json.error.message).toContain(message);
  expect(wrong.stderr).toContain('error: ');
  expect(wrong.stderr).not.toMatch(/secret|\n +at /);
});

test.each([
  ['no default export', 'export const database = 1;', 'has no default export'],
  ['a list', 'export default [];', 'expected an object'],
  ['nothing from a function', 'export default () => undefined;', 'expected an object, received undefined'],
  [
    'a function that throws',
    'export default () => { throw new Error("no vault"); };',
    'could not be loaded: no vault',
  ],
  ['a mistake in it', 'export default {', 'could not be loaded'],
  ['no database', 'export default {};', 'exports no database'],
  [
    'a database that is none',
    'export default { database: "postgresql://" };',
    'database: expected a Kysely instance or a pg.Pool',
  ],
  ['a close that is none', 'export default { close: true };', 'close: expected a function'],
])('a file with %s', async (name, content, message) => {
  const folder = program.folder(name.replaceAll(' ', '-'), { 'file-registry.config.js': content });
  const wrong = await cli.run(['status'], { folder });
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  expect(wrong.stderr).toContain(message);
});

test('--debug shows where an error comes from, and nothing else does', async () => {
  const folder = program.folder('throws', { 'file-registry.config.js': 'throw new Error("no vault");' });
  expect((await cli.run(['status'], { folder })).stderr).not.toMatch(/\n +at /);
  expect((await cli.run(['status', '--debug'], { folder })).stderr).toMatch(
    /\n +at [^]*caused by Error: no vault/,
  );
});

test('several files, and TypeScript that Node cannot run, are refused with what to do', async () => {
  const config = 'export default {};';
  program.folder('several', { 'file-registry.config.js': config, 'file-registry.config.ts': config });
  expect((await cli.run(['status'], { folder: 'several' })).stderr).toContain('Keep one');

  program.folder('decorated', { 'file-registry.config.ts': '@sealed class A {}\nexport default {};' });
  expect((await cli.run(['status'], { folder: 'decorated' })).stderr).toContain('write no decorators');

  const old = { folder: 'ts-alone', env: { NODE_OPTIONS: '--no-experimental-strip-types' } };
  program.folder('ts-alone', { 'file-registry.config.ts': config });
  const refused = await cli.run(['status'], old);
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('22.18 and later do') });
});
