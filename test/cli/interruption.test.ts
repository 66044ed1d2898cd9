import { expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';

const cli = await createCli();
const { program, registry } = cli;

/** Deletes one object a batch; the first one waits for SIGINT, or for ever. */
const folder = program.folder('slow', {
  'file-registry.config.js': `
    import { once } from 'node:events';
    import { localStorage } from 'nestjs-file-registry';
    import { Pool } from 'pg';
    const local = localStorage({ root: ${JSON.stringify(registry.media.path)} });
    const pool = new Pool({ connectionString: ${JSON.stringify(registry.database.connectionString)} });
    export default {
      database: pool,
      storages: {
        media: {
          ...local,
          async delete(objects, options) {
            console.log('deleting');
            await (process.env.FOR_EVER ? new Promise(() => {}) : once(process, 'SIGINT'));
            return local.delete(objects);
          },
        },
      },
      unattachedTtlMs: 0,
      processor: { batchSize: 1 },
    };`,
});

test('Ctrl-C lets drain finish what is in flight, and the next one goes on', async () => {
  const files = [await registry.store(), await registry.store(), await registry.store()];
  const running = cli.start(['drain', '--json'], { folder });
  await running.prints('deleting');
  running.process.kill('SIGINT');
  const ended = await running.ended;
  expect(ended).toMatchObject({ exitCode: 130, json: { deleted: 1, interrupted: true } });
  expect(ended.stderr).toMatch(
    /Stopping after[^]*error: Interrupted\. What was deleted has its receipt; the next drain goes on/,
  );

  await registry.passTime('25 hours');
  expect((await cli.run(['drain'])).exitCode).toBe(0);
  for (const file of files) {
    expect(await registry.deletion(file)).toMatchObject({ state: 'deleted' });
  }
  await registry.assertLaws();
});

test('a second signal ends it at once', async () => {
  const file = await registry.store();
  const running = cli.start(['drain', '--json'], { folder, env: { FOR_EVER: '1' } });
  await running.prints('deleting');
  running.process.kill('SIGTERM');
  await running.prints('Stopping after');
  running.process.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ exitCode: 130, json: { error: { code: 'CLI_INTERRUPTED' } } });

  await registry.passTime('25 hours');
  expect((await cli.run(['drain'])).exitCode).toBe(0);
  expect(await registry.hasBytes(file)).toBe(false);
});

test('track is interrupted between two batches and goes on from there', async () => {
  const photo = await registry.store();
  await registry.pool.query('create table album (id integer primary key, cover_id uuid)');
  await registry.pool.query(`insert into album select n, $1 from generate_series(1, 300) n`, [photo.id]);
  const writer = await registry.database.begun();
  // A row that somebody is writing holds the batch that takes it in.
  await writer.query('select from album where id = 150 for update');
  const running = cli.start(['track', 'album', 'cover_id', '--batch-size', '100', '--json']);
  await expect
    .poll(
      async () =>
        (await registry.pool.query('select count(*)::int as n from file_registry.file_references')).rows,
      { timeout: 15_000 },
    )
    .toEqual([{ n: 100 }]);
  running.process.kill('SIGINT');
  await running.prints('Stopping after');
  await writer.query('rollback');
  const ended = await running.ended;
  expect(ended.exitCode).toBe(130);
  expect(ended.stderr).toContain('run the same again and the rows that are left are taken in');
  expect((await cli.run(['tracked', '--json'])).json.tracked).toMatchObject([{ state: 'takingIn' }]);

  const again = await cli.run(['track', 'album', 'cover_id', '--json']);
  expect(again.json).toMatchObject({ complete: true });
  expect(await registry.files.count(photo)).toBe(300);
});

test('a database that is away is a message and exit code 1', async () => {
  await registry.database.allowConnections(false);
  const away = await cli.run(['status', '--json']);
  await registry.database.allowConnections(true);
  expect(away).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'DATABASE_UNAVAILABLE', retryable: true } },
  });
  expect(away.stderr).toContain('The check of the schema got no answer from the database');
  expect(away.stderr).not.toMatch(/\n +at /);
});
