import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCli } from '../cli/support/create-cli.js';
import { terminalMissing } from '../cli/support/terminal.js';

const cli = await createCli();
const { registry } = cli;
const orphan = join(registry.media.path, 'left', 'behind.jpg');
const fix = ['reconcile', '--min-age-ms', '0', '--fix', '--force'];

beforeEach(async () => {
  await registry.pool.query(
    `set local session_replication_role = replica;
     truncate file_registry.files, file_registry.deletion_outbox, file_registry.deletions, file_registry.adopted_keys cascade`,
  );
  await rm(join(registry.media.path, 'left'), { recursive: true, force: true });
  await mkdir(join(registry.media.path, 'left'));
  await writeFile(orphan, 'left behind');
});

const adopted = async () => (await registry.tables.selectFrom('files').select('key').execute()).length;

describe('django-unused-media', () => {
  describe('confirmation', () => {
    test.skipIf(terminalMissing)('it asks, and no changes nothing', async () => {
      const asked = cli.start(fix, { terminal: true });
      await asked.prints('[y/N]');
      expect(await adopted(), 'not before the answer').toBe(0);
      asked.type('no\r');
      expect(await asked.ended).toMatchObject({
        exitCode: 4,
        stdout: expect.stringContaining('Nothing was changed'),
      });
      expect(await adopted()).toBe(0);
      expect(await registry.media.files()).toEqual(['left/behind.jpg']);
    });

    test.skipIf(terminalMissing)('it asks, and yes goes on', async () => {
      const asked = cli.start(fix, { terminal: true });
      await asked.prints('[y/N]');
      asked.type('yes\r');
      expect(await asked.ended).toMatchObject({ exitCode: 0 });
      expect(await adopted()).toBe(1);
    });

    test('where nobody can be asked it refuses, unless --yes answered before', async () => {
      expect((await cli.run(fix)).exitCode).toBe(4);
      expect(await adopted()).toBe(0);
      await cli.run([...fix, '--yes']);
      expect(await adopted()).toBe(1);
    });
  });

  describe('quiet mode', () => {
    test('prints nothing and does the same', async () => {
      expect(await cli.run(['reconcile', '--min-age-ms', '0', '--quiet'])).toMatchObject({
        exitCode: 3,
        stdout: '',
        stderr: '',
      });
      expect(await cli.run([...fix, '--yes', '--quiet'])).toMatchObject({ stdout: '', stderr: '' });
      await registry.passTime('25 hours');
      expect(await cli.run(['drain', '--quiet'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
      expect(await registry.media.files()).toEqual([]);
    });

    test('still prints errors', async () => {
      const refused = await cli.run([...fix, '--quiet']);
      expect(refused.exitCode).toBe(4);
      expect(refused.stderr).not.toBe('');
    });
  });
});
