import { expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';
import { terminalMissing } from './support/terminal.js';

const cli = await createCli();
const { program, registry } = cli;
const folder = program.folder('app', {
  'file-registry.config.js': `
    export default { module: async () => (await import('./application.js')).AppModule, close: async () => (await import('./application.js')).close() };`,
  'both.js': `
    import { localStorage } from 'nestjs-file-registry';
    import { Pool } from 'pg';
    const database = new Pool({ connectionString: process.env.APP_DATABASE });
    export default {
      database, storages: { media: localStorage({ root: process.env.APP_MEDIA }) }, unattachedTtlMs: 0,
      module: async () => (await import('./application.js')).AppModule,
      close: () => Promise.all([database.end(), import('./application.js').then((application) => application.close())]),
    };`,
  'empty.js': `import { EmptyModule } from './application.js'; export default { module: EmptyModule };`,
});
const env = { APP_DATABASE: registry.database.connectionString, APP_MEDIA: registry.media.path };

test.each(['on', 'off'])(
  "drain boots the application's module and calls its hooks, its schedule being %s",
  async (schedule) => {
    const file = await registry.store();
    const drained = await cli.run(['drain', '--json'], { folder, env: { ...env, APP_PROCESSOR: schedule } });
    // With its schedule working beside it, some of this would be told to nobody.
    expect(drained).toMatchObject({ exitCode: 0, json: { condemned: 1, deleted: 1, interrupted: false } });
    expect(drained.stderr).toMatch(
      new RegExp(`the announcer is there[^]*the hook saw ${file.id}[^]*the announcer goes`),
    );
    expect(await registry.hasBytes(file)).toBe(false);
  },
);

test.skipIf(terminalMissing)('it shows its progress on a terminal', async () => {
  await registry.store();
  const drained = await cli.run(['drain'], { folder, env, terminal: true });
  expect(drained.stdout).toMatch(/100% \| 1 objects deleted[^]*Condemned 1 file, deleted 1 object/);
});

test('with --no-module it works by the options of the configuration and calls none', async () => {
  const file = await registry.store();
  const drained = await cli.run(['drain', '--no-module', '--config', 'both.js'], { folder, env });
  expect(drained).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringContaining('deleted 1 object'),
  });
  expect(await registry.hasBytes(file)).toBe(false);
});

test('where no module is named, drain says that no hooks are called', async () => {
  const remark = 'No hooks are called';
  expect((await cli.run(['drain'])).stderr).toContain(remark);
  expect((await cli.run(['drain'], { folder: 'empty', env: cli.environment })).stderr).toContain(remark);
  expect((await cli.run(['drain', '--no-module'])).stderr).toBe('');
  expect((await cli.run(['drain', '--quiet'])).stderr).toBe('');
});

test('what the module decides is not said beside it', async () => {
  const refused = await cli.run(['drain', '--schema', 'x'], { folder, env });
  expect(refused).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('drain runs the module with its own options'),
  });
  const empty = await cli.run(['drain', '--config', 'empty.js'], { folder, env });
  expect(empty).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('npx file-registry drain') });
});

test('owner types of the environment and of the file are kept', async () => {
  const ownerTypes = `{ only: ['article'] }`;
  const only = program.folder('only', {
    'file-registry.config.js': `
      import { localStorage } from 'nestjs-file-registry';
      import { Pool } from 'pg';
      const database = new Pool({ connectionString: process.env.APP_DATABASE });
      export default { database, storages: { media: localStorage({ root: process.env.APP_MEDIA }) }, gracePeriodMs: 0,
        ownerTypes: ${ownerTypes}, close: () => database.end() };`,
  });
  const contract = await registry.store();
  await registry.attach(contract, '1', 'scan', 'contract');
  await registry.detach(contract, '1', 'scan', 'contract');
  expect((await cli.run(['drain', '--json'], { folder: only, env })).json).toMatchObject({ condemned: 0 });

  await registry.attach(contract, '2', 'scan', 'contract');
  await registry.detach(contract, '2', 'scan', 'contract');
  await registry.db.transaction().execute((trx) => registry.files.in(trx).unprotect(contract));
  const deed = await registry.store();
  await registry.attach(deed, '1', 'scan', 'deed');
  await registry.detach(deed, '1', 'scan', 'deed');
  const ignoring = {
    ...cli.environment,
    FILE_REGISTRY_GRACE_PERIOD_MS: '0',
    FILE_REGISTRY_OWNER_TYPES_IGNORE: 'x, deed',
  };
  expect((await cli.run(['drain', '--json'], { folder: 'empty', env: ignoring })).json).toMatchObject({
    condemned: 1,
  });
  expect(await registry.hasBytes(contract)).toBe(false);
  expect(await registry.hasBytes(deed)).toBe(true);
  const wrong = { ...ignoring, FILE_REGISTRY_OWNER_TYPES_ONLY: 'article' };
  expect(await cli.run(['drain'], { folder: 'empty', env: wrong })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('ownerTypes: expected either ignore or only'),
  });
});
