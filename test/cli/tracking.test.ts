import { expect, test } from 'vitest';
import { terminalMissing } from './support/terminal.js';
import { createCli } from './support/create-cli.js';

const cli = await createCli();
const { registry } = cli;

async function tableWithCover(table: string) {
  const photo = await registry.store();
  await registry.pool.query(
    `create table ${table} (id integer primary key, cover_id uuid, deleted_at timestamptz)`,
  );
  await registry.pool.query(`insert into ${table} values (1, $1)`, [photo.id]);
  return photo;
}

test('track takes the rows in, tracked and status list the column, untrack ends it', async () => {
  const photo = await tableWithCover('article');
  const tracking = await cli.run([
    'track',
    'article',
    'cover_id',
    '--where',
    'deleted_at is null',
    '--slot',
    'picture',
    '--id-column',
    'id',
    '--no-guard',
  ]);
  expect(tracking).toMatchObject({ exitCode: 0, stdout: 'article.cover_id is tracked; took in 1 row.\n' });
  expect(await registry.files.references(photo)).toMatchObject([
    { type: 'article', id: '1', slot: 'picture' },
  ]);

  expect((await cli.run(['tracked'])).stdout).toMatch(
    /^public\.article\.cover_id +article\/…\/picture +tracking$/m,
  );
  expect((await cli.run(['tracked', '--json'])).json.tracked).toMatchObject([
    { table: 'article', column: 'cover_id', where: 'deleted_at is null', guarded: false, idColumns: ['id'] },
  ]);
  expect((await cli.run(['status', '--json'])).json.tracked).toHaveLength(1);

  expect(await cli.run(['untrack', 'article', 'cover_id', '--json'])).toMatchObject({
    exitCode: 0,
    json: { released: 0 },
  });
  expect(await registry.files.count(photo)).toBe(1);
  expect(await cli.run(['untrack', 'article', 'cover_id'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('No tracked column is called'),
  });
});

test('rows may be taken in later, and a table that went is a problem', async () => {
  const photo = await tableWithCover('page');
  expect((await cli.run(['track', 'page', 'cover_id', '--existing', 'later'])).stdout).toContain(
    'run it once more',
  );
  expect((await cli.run(['status', '--check'])).exitCode).toBe(0);
  expect((await cli.run(['track', 'page', 'cover_id', '--json'])).json).toEqual({ rows: 1, complete: true });
  await registry.pool.query('drop table page');

  const status = await cli.run(['status', '--check']);
  expect(status.exitCode).toBe(3);
  expect(status.stdout).toContain('untrack --release');
  expect((await cli.run(['untrack', 'page', 'cover_id', '--release', '--yes', '--json'])).json).toEqual({
    released: 1,
  });
  expect(await registry.files.count(photo)).toBe(0);
});

test('a table that is not there is a wrong argument', async () => {
  expect(await cli.run(['track', 'nowhere', 'cover_id', '--json'])).toMatchObject({
    exitCode: 2,
    json: { error: { code: 'INVALID_TRACKED_COLUMN' } },
  });
});

test('releasing is refused where nobody can be asked', async () => {
  const photo = await tableWithCover('note');
  await cli.run(['track', 'note', 'cover_id']);
  const refused = await cli.run(['untrack', 'note', 'cover_id', '--release', '--json']);
  expect(refused).toMatchObject({ exitCode: 4, json: { error: { code: 'CLI_REFUSED' } } });
  expect(refused.stderr).toContain('say --yes');
  expect(await registry.files.count(photo)).toBe(1);
});

test.skipIf(terminalMissing)('it asks on a terminal, and no, Ctrl-D and Ctrl-C change nothing', async () => {
  const photo = await tableWithCover('song');
  await cli.run(['track', 'song', 'cover_id']);
  for (const [answer, exitCode] of [
    ['n\r', 4],
    ['\r', 4],
    ['\u0004', 4],
    ['\u0003', 130],
  ] as const) {
    const asked = cli.start(['untrack', 'song', 'cover_id', '--release'], { terminal: true });
    await asked.prints('[y/N]');
    asked.type(answer);
    expect((await asked.ended).exitCode).toBe(exitCode);
  }
  expect(await registry.files.count(photo)).toBe(1);
});

test.skipIf(terminalMissing)('a reference that appears while the question waits keeps the file', async () => {
  const photo = await tableWithCover('film');
  await cli.run(['track', 'film', 'cover_id']);
  const asked = cli.start(['untrack', 'film', 'cover_id', '--release'], { terminal: true });
  await asked.prints('[y/N]');
  await registry.attach(photo, '77', 'cover', 'shelf');
  asked.type('y\r');
  expect(await asked.ended).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('dropped 1 reference'),
  });

  await registry.passTime('25 hours');
  expect((await cli.run(['drain'])).exitCode).toBe(0);
  expect(await registry.files.references(photo)).toMatchObject([{ type: 'shelf', id: '77' }]);
  expect(await registry.hasBytes(photo)).toBe(true);
});
