import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, inject, test } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.js';
import { type Ended, runScript } from './run-script.js';

const timeout = 60_000;

const titles = [
  '1. Two records share a photo',
  '2. One of the two is deleted: the photo stays',
  '3. The other one is deleted, too: the photo goes after the grace period',
  '4. A transaction is rolled back: nothing is lost, and the new file goes by itself',
  '5. A cover is replaced',
  '6. A worker is killed between deleting bytes and writing that down; another finishes its work',
  'The laws: every row against every row, every row against its bytes',
];

test(
  'the demo shows every step with a PostgreSQL of its own, and leaves nothing behind',
  { timeout },
  async () => {
    await using temporary = await openFolder();
    const { exitCode, stdout, stderr } = await demo([], temporary, { DATABASE_URL: undefined });

    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(headings(stdout)).toEqual(titles);
    expect(stdout.match(/^ok {2}/gm)).toHaveLength(titles.length);
    for (const picture of await readdir(new URL('../../examples/media', import.meta.url))) {
      expect(stdout).toContain(picture);
    }
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).not.toContain('\u001b');
    expect(await temporary.entries()).toEqual([]);
  },
);

test.concurrent('it takes the files of a folder, on a server that is there', { timeout }, async () => {
  await using temporary = await openFolder();
  await using folder = await TemporaryFolder.create('demo-pictures');
  await mkdir(join(folder.path, 'nested/日本語'), { recursive: true });
  await writeFile(join(folder.path, 'nested/日本語/写真 📷.jpg'), 'photo');
  await writeFile(join(folder.path, 'empty'), '');
  await writeFile(join(folder.path, 'large.bin'), Buffer.alloc(3_000_000, 'large'));
  await writeFile(
    Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from('no utf-8 \xff', 'latin1')]),
    'x',
  );

  const { exitCode, stdout, stderr } = await demo([folder.path], temporary);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(headings(stdout)).toEqual(titles);
  expect(stdout).toMatch(
    /#1 empty .* 0 B .*\n.*#2 large\.bin .* 2\.9 MiB .*\n.*#3 写真 📷\.jpg .*\n.*#4 no utf-8/,
  );
  expect(await folder.files()).toHaveLength(4);
  expect(await temporary.entries()).toEqual([]);
});

test('Ctrl-C ends it early and tidily', { timeout }, async () => {
  await using temporary = await openFolder();
  const running = runScript('demo.ts', { env: { ...environment(temporary), DATABASE_URL: undefined } });
  await running.prints('2. One of the two');
  expect(await temporary.entries()).not.toEqual([]);

  running.process.kill('SIGINT');
  const { exitCode, stdout, stderr } = await running.ended;
  expect(stderr).toBe('\nSIGINT: tidying up\n');
  expect(exitCode).toBe(130);
  expect(stdout).not.toContain('The laws');
  expect(await temporary.entries()).toEqual([]);
});

test(
  'ended early with one picture on a server that is there, it drops its database',
  { timeout },
  async () => {
    await using temporary = await openFolder();
    await using folder = await TemporaryFolder.create('demo-pictures');
    await writeFile(join(folder.path, 'only.txt'), 'only');
    const before = await databases();
    const running = runScript('demo.ts', { args: [folder.path], env: environment(temporary) });
    await running.prints('2. One of the two');
    const created = (await databases()).filter((name) => !before.includes(name));
    expect(created).not.toEqual([]);

    running.process.kill('SIGTERM');
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(143);
    expect(stdout).toMatch(/#1 only\.txt .*\n.*#2 only\.txt .*\n.*#3 only\.txt/);
    expect((await databases()).filter((name) => created.includes(name))).toEqual([]);
    expect(await temporary.entries()).toEqual([]);
  },
);

test(
  'a folder that is not there, or one too many, is explained, and nothing is started',
  { timeout },
  async () => {
    await using temporary = await openFolder();
    const missing = join(temporary.path, 'missing');
    expect(await demo([missing], temporary)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `\nThere is no folder '${missing}'.\n`,
    });
    expect(await demo([temporary.path, missing], temporary)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `\nUsage: npm run demo [-- DIR]. Received: ${temporary.path} ${missing}\n`,
    });
  },
);

/** A folder for everything temporary, which a server that runs as another user may pass through. */
async function openFolder(): Promise<TemporaryFolder> {
  const folder = await TemporaryFolder.create('demo-tmp');
  await chmod(folder.path, 0o711);
  return folder;
}

/** On the run's server, unless told otherwise, and with everything temporary in a folder that can be looked into. */
function demo(
  args: string[],
  temporary: TemporaryFolder,
  env: Record<string, string | undefined> = {},
): Promise<Ended> {
  return runScript('demo.ts', { args, env: { ...environment(temporary), ...env } }).ended;
}

function environment({ path }: TemporaryFolder): Record<string, string> {
  return { DATABASE_URL: inject('postgres').connectionString, TMPDIR: path, TEMP: path, TMP: path };
}

function headings(stdout: string): string[] {
  return stdout.split('\n').filter((line) => /^\d\. |^The laws/.test(line));
}

/** Those that demos made on the run's server. */
async function databases(): Promise<string[]> {
  const client = new Client({ connectionString: inject('postgres').connectionString });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    `select datname from pg_database where datname ~ '^file_registry_demo_'`,
  );
  await client.end();
  return rows.map(({ datname }) => datname);
}
