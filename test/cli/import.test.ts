import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';
import { terminalMissing } from './support/terminal.js';

const cli = await createCli();
const { program, registry } = cli;

async function object(key: string): Promise<void> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'as it was');
}

function csv(name: string, lines: readonly string[]): string {
  program.folder('lists', { [name]: `${lines.join('\n')}\n` });
  return program.path(`lists/${name}`);
}

test('a CSV is taken over once, and what is missing is exit code 3', async () => {
  await object('old/1.jpg');
  await object('old/2.jpg');
  const file = csv('covers.csv', [
    'path;id',
    '/uploads/old/1.jpg;1',
    '/uploads/old/2.jpg;2',
    '/uploads/old/3.jpg;3',
    '../etc;4',
  ]);
  const args = [
    'import',
    file,
    '--key',
    'path',
    '--owner-type',
    '=article',
    '--owner-id',
    'id',
    '--slot',
    '=cover',
    '--delimiter',
    ';',
    '--strip-prefix',
    '/uploads/',
  ];

  const dry = await cli.run([...args, '--dry-run', '--json']);
  expect(dry).toMatchObject({
    exitCode: 3,
    stderr: '',
    json: { dryRun: true, rows: 4, taken: 2, files: 2, missing: 1, refused: 1 },
  });
  expect(await registry.files.filesOf({ type: 'article', id: 1 })).toEqual([]);

  const text = await cli.run(args);
  expect(text.exitCode).toBe(3);
  expect(text.stdout).toContain('missing  row 3: /uploads/old/3.jpg');
  expect(text.stdout).toContain('refused  row 4: ../etc: ');
  expect(text.stdout).toContain('There are 2 new files and 2 new references.');
  expect(await registry.files.filesOf({ type: 'article', id: 1 })).toMatchObject([
    { key: 'old/1.jpg', slot: 'cover' },
  ]);

  expect((await cli.run([...args, '--json'])).json).toMatchObject({ taken: 2, files: 0, references: 0 });
});

test('stdin, columns by their usual names, and a composite id', async () => {
  await object('old/5.jpg');
  const running = cli.start(['import', '--owner-id', 'a', '--owner-id', 'b', '--json']);
  running.process.stdin?.end('key,owner_type,a,b,slot\nold/5.jpg,line,7,x,photo\n');
  expect(await running.ended).toMatchObject({ exitCode: 0, json: { taken: 1, dryRun: false } });
  expect(await registry.files.filesOf({ type: 'line', id: [7, 'x'] })).toHaveLength(1);
});

test('a query is streamed from the database', async () => {
  await registry.pool.query(`create table old_cover (id integer, path text)`);
  await registry.pool.query(`insert into old_cover values (1, 'old/q1.jpg'), (2, 'old/q2.jpg')`);
  await object('old/q1.jpg');
  await object('old/q2.jpg');
  const query = `select path as key, 'query' as owner_type, id as owner_id, 'cover' as slot from old_cover order by id`;
  expect(await cli.run(['import', '--query', query, '--skip-rows', '1', '--json'])).toMatchObject({
    exitCode: 0,
    json: { rows: 1, taken: 1 },
  });
  expect(await cli.run(['import', '--query', query])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('2 rows: 2 taken'),
  });
});

// Is there for whoever looks, and refuses everybody who opens it, root as well.
const socket = program.path('socket');
const server = createServer().listen(socket);
await once(server, 'listening');
afterAll(() => void server.close());

test.each([
  ['no such file', ['none.csv'], 2, 'There is no file'],
  ['a folder', ['.'], 2, 'is a folder'],
  ['what cannot be opened', [socket], 2, 'that can be read'],
  ['a file beside a query', ['x.csv', '--query', 'select 1'], 2, 'leave the file'],
  ['a query that answers something else', ['--query', 'select 1 as key'], 2, 'does not answer owner_type'],
  ['a query that is wrong', ['--query', 'selekt'], 1, 'syntax error'],
  [
    'a storage that is unknown',
    ['--query', 'select 1', '--storage', 'archive'],
    2,
    "No storage is called 'archive'",
  ],
  ['a batch of nothing', ['--query', 'select 1', '--batch-size', '0'], 2, 'batchSize: expected'],
])('%s', async (_, args, exitCode, message) => {
  const wrong = await cli.run(['import', ...args, '--json']);
  expect(wrong.json.error.message).toContain(message);
  expect(wrong.exitCode).toBe(exitCode);
});

test('a CSV without the columns is wrong usage, one that breaks off is a failure', async () => {
  const header = csv('header.csv', ['path,id', 'old/1.jpg,1']);
  expect(await cli.run(['import', header])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('has no column key'),
  });
  const broken = csv('broken.csv', [
    'key,owner_type,owner_id,slot',
    'old/1.jpg,article,1,cover',
    '"old/2.jpg,article',
  ]);
  expect(await cli.run(['import', broken])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Line'),
  });
});

test('Ctrl-C keeps what was imported and says where to go on', async () => {
  const keys = Array.from({ length: 30 }, (_, number) => `many/${number}.jpg`);
  await Promise.all(keys.map(object));
  const file = csv('many.csv', [
    'key,owner_type,owner_id,slot',
    ...keys.map((key, number) => `${key},many,${number},cover`),
  ]);
  const folder = program.folder('slow', {
    'file-registry.config.js': `
      import { once } from 'node:events';
      import { localStorage } from 'nestjs-file-registry';
      import { Pool } from 'pg';
      const local = localStorage({ root: ${JSON.stringify(registry.media.path)} });
      let looked = 0;
      export default {
        database: new Pool({ connectionString: ${JSON.stringify(registry.database.connectionString)} }),
        storages: { media: { ...local, async stat(object) {
          if (++looked === 15) { console.log('looking'); await once(process, 'SIGINT'); }
          return local.stat(object);
        } } },
      };`,
  });
  const running = cli.start(['import', file, '--batch-size', '10', '--json'], { folder });
  await running.prints('looking');
  running.process.kill('SIGINT');
  const ended = await running.ended;
  expect(ended).toMatchObject({ exitCode: 130, json: { aborted: true } });
  const [, skip = ''] = /with --skip-rows (\d+)\./.exec(ended.stderr) ?? [];
  expect(Number(skip)).toBe(ended.json.rows);

  const rest = await cli.run(['import', file, '--skip-rows', skip, '--json']);
  expect(rest.json).toMatchObject({ taken: 30 - Number(skip), aborted: false });
  const owners = keys.map((_, number) => ({ type: 'many', id: number }));
  expect((await registry.files.filesOf(owners)).flat()).toHaveLength(30);
  await registry.assertLaws();
});

test.skipIf(terminalMissing)('a terminal is asked for a file', async () => {
  expect(await cli.run(['import'], { terminal: true })).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining('Say which CSV'),
  });
});
