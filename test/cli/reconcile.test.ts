import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';
import { terminalMissing } from './support/terminal.js';

const cli = await createCli();
const { registry } = cli;
/** Nobody can make a file older than it is by the storage's clock. */
const now = ['--min-age-ms', '0'];

async function orphan(key: string): Promise<void> {
  const path = join(registry.media.path, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'left behind');
}

// Enough lawful files beside the orphans, or their share would be too large.
beforeEach(async () => {
  for (let number = 0; number < 20; number++) {
    await registry.attach(await registry.store(), String(number));
  }
});

afterEach(async () => {
  await registry.pool.query(
    `begin; set local session_replication_role = replica;
     delete from file_registry.file_references; delete from file_registry.deletion_outbox; delete from file_registry.files;
     delete from file_registry.deletions; delete from file_registry.adopted_keys; commit`,
  );
  for (const file of await registry.media.files()) {
    await rm(join(registry.media.path, file));
  }
});

test('where all is well it says so', async () => {
  const found = await cli.run(['reconcile', ...now]);
  expect(found).toMatchObject({ exitCode: 0, stderr: '' });
  expect(found.stdout).toMatch(/^media: compared 20 objects with 20 files\.$/m);
});

test('orphans, dangling files and mismatches are exit code 3, and nothing changes', async () => {
  await orphan('lost/a.jpg');
  await orphan('lost/b\u001b[31m.jpg');
  const [dangling, mismatch] = [await registry.store(), await registry.store()];
  await rm(join(registry.media.path, dangling.key));
  await writeFile(join(registry.media.path, mismatch.key), 'other bytes');
  const before = await registry.media.files();

  const text = await cli.run(['reconcile', ...now, '--storage', 'media']);
  expect(text.exitCode).toBe(3);
  // What a key holds is no command to the terminal.
  expect(text.stdout).toContain(String.raw`lost/b\x1b[31m.jpg`);
  expect(text.stdout).toContain('orphan  lost/a.jpg  11 bytes');
  expect(text.stdout).toContain(`dangling  ${dangling.key}`);
  expect(text.stdout).toContain('size 11 instead of 5');
  const document = await cli.run([
    'reconcile',
    '--json',
    '--exclude',
    'lost/',
    '--exclude',
    '*.tmp',
    '--samples',
    '1',
  ]);
  expect(document).toMatchObject({ exitCode: 3, stderr: '' });
  expect(document.json).toMatchObject({
    excluded: 1,
    orphans: { count: 0 },
    dangling: { count: 1 },
    mismatches: { count: 1 },
    interrupted: false,
  });
  expect(await registry.media.files()).toEqual(before);
  expect(
    (await cli.run(['reconcile', ...now, '--verify', 'none', '--exclude', 'lost/', '--json'])).json.mismatches
      .count,
  ).toBe(0);
});

test('fixing adopts with --yes, and refuses where nobody can be asked', async () => {
  await orphan('lost/b.jpg');
  expect(await cli.run(['reconcile', ...now, '--fix', '--json'])).toMatchObject({
    exitCode: 4,
    json: { error: { code: 'CLI_REFUSED' } },
  });
  expect((await cli.run(['reconcile', ...now, '--fix', '--yes', '--json'])).json).toMatchObject({
    adopted: 1,
    orphans: { count: 1 },
  });
  expect((await cli.run(['reconcile', ...now])).exitCode).toBe(0);
  expect(await registry.media.files()).toContain('lost/b.jpg');
});

test('the guards of the registry are exit code 4', async () => {
  for (const name of 'abcdef') {
    await orphan(`lost/${name}`);
  }
  const many = await cli.run(['reconcile', ...now, '--fix', '--yes', '--json']);
  expect(many).toMatchObject({
    exitCode: 4,
    json: { error: { code: 'TOO_MANY_ORPHANS' }, report: { orphans: { count: 6 } } },
  });
  await registry.processor.pause();
  expect((await cli.run(['reconcile', ...now, '--fix', '--yes', '--json'])).json.error.code).toBe(
    'FIX_HELD_BACK',
  );
  await registry.processor.resume();
  expect(
    await cli.run([
      'reconcile',
      ...now,
      '--fix',
      '--yes',
      '--max-orphan-share',
      '0.5',
      '--max-adoptions',
      '4',
      '--json',
    ]),
  ).toMatchObject({
    exitCode: 3,
    json: { adopted: 4, left: 2 },
  });
});

test("what is young by the storage's clock is no orphan yet", async () => {
  await orphan('lost/young.jpg');
  expect((await cli.run(['reconcile'])).stdout).toContain(
    'passed over 1 object without a row, too young to tell',
  );
});

test.each([
  [['--storage', 'archive'], 'UNKNOWN_STORAGE'],
  [['--max-orphan-share', 'half'], 'CLI_USAGE'],
  [['--max-orphan-share', '2'], 'INVALID_OPTION'],
  [['--verify', 'all'], 'CLI_USAGE'],
])('%j is exit code 2', async (args, code) => {
  expect(await cli.run(['reconcile', ...args, '--json'])).toMatchObject({
    exitCode: 2,
    json: { error: { code } },
  });
});

test.skipIf(terminalMissing)(
  'it looks, asks, and leaves alone what has a row by the time of the answer',
  async () => {
    await orphan('lost/kept.jpg');
    await orphan('lost/gone.jpg');
    const asked = cli.start(['reconcile', ...now, '--fix'], { terminal: true });
    await asked.prints('2 orphans become files that nobody holds');
    const kept = await registry.files.adopt('lost/kept.jpg');
    await registry.attach(kept, '99');
    asked.type('yes\r');
    const ended = await asked.ended;
    expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Adopted 1 orphan,') });

    await registry.passTime('25 hours');
    expect((await cli.run(['drain'])).exitCode).toBe(0);
    const left = await registry.media.files();
    expect(left).toContain('lost/kept.jpg');
    expect(left).not.toContain('lost/gone.jpg');
    await registry.assertLaws();
  },
);

test.skipIf(terminalMissing)('no changes nothing', async () => {
  await orphan('lost/c.jpg');
  const asked = cli.start(['reconcile', ...now, '--fix'], { terminal: true });
  await asked.prints('[y/N]');
  asked.type('no\r');
  expect(await asked.ended).toMatchObject({
    exitCode: 4,
    stdout: expect.stringContaining('Nothing was changed'),
  });
  expect((await cli.run(['reconcile', ...now, '--json'])).json.orphans.count).toBe(1);
});

test('Ctrl-C says how to go on, and going on finds the rest', async () => {
  await orphan('zz/last.jpg');
  const folder = cli.program.folder('slow', {
    'file-registry.config.js': `
      import { once } from 'node:events';
      import { localStorage } from 'nestjs-file-registry';
      import { Pool } from 'pg';
      const local = localStorage({ root: ${JSON.stringify(registry.media.path)} });
      export default {
        database: new Pool({ connectionString: ${JSON.stringify(registry.database.connectionString)} }),
        storages: { media: { ...local, async *list(options) {
          let seen = 0;
          for await (const object of local.list(options)) {
            yield object;
            if (++seen === 11) { console.log('listing'); await once(process, 'SIGINT'); }
          }
        } } },
      };`,
  });
  const running = cli.start(['reconcile', ...now, '--page-size', '10', '--json'], { folder });
  await running.prints('listing');
  running.process.kill('SIGINT');
  const ended = await running.ended;
  expect(ended).toMatchObject({ exitCode: 130, json: { interrupted: true, orphans: { count: 0 } } });
  const [, after = ''] = /Go on with --after (".*")\./.exec(ended.stderr) ?? [];
  const rest = await cli.run(['reconcile', ...now, '--after', JSON.parse(after), '--json']);
  expect(rest.json.orphans.samples).toMatchObject([{ key: 'zz/last.jpg' }]);
});
