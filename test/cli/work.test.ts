import { expect, test } from 'vitest';
import { createCli } from './support/create-cli.js';

const cli = await createCli();
const { program, registry } = cli;
const folder = program.folder('app', {
  'file-registry.config.js': `
    export default { module: async () => (await import('./application.js')).AppModule, close: async () => (await import('./application.js')).close() };`,
  'empty.js': `import { EmptyModule } from './application.js'; export default { module: EmptyModule };`,
  'none.js': `export default { module: async () => undefined };`,
});
const env = { APP_DATABASE: registry.database.connectionString, APP_MEDIA: registry.media.path };

async function untilDeleted(id: string): Promise<void> {
  await expect.poll(() => registry.deletion({ id }), { timeout: 20_000 }).toMatchObject({ state: 'deleted' });
}

test.each(['SIGTERM', 'SIGINT'] as const)('it works for the application until %s', async (signal) => {
  const file = await registry.store();
  const worker = cli.start(['work', '--json'], { folder, env });
  await untilDeleted(file.id);
  worker.process.kill(signal);

  const ended = await worker.ended;
  expect(ended).toMatchObject({ exitCode: 0, json: { stopped: true } });
  // The application's providers were there, and what they print is not the answer.
  expect(ended.stderr).toMatch(/the announcer is there[^]*Working[^]*the announcer goes/);
  expect(await registry.hasBytes(file)).toBe(false);
});

test('it works where the application itself does not', async () => {
  const file = await registry.store();
  const worker = cli.start(['work'], { folder, env: { ...env, APP_PROCESSOR: 'off' } });
  await untilDeleted(file.id);
  worker.process.kill('SIGTERM');
  expect(await worker.ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Stopped.') });
});

test('it works without an application by the options alone', async () => {
  const file = await registry.store();
  const worker = cli.start(['work', '--no-module', '--quiet'], {
    folder: 'empty',
    env: { ...cli.environment, FILE_REGISTRY_UNATTACHED_TTL_MS: '0' },
  });
  await untilDeleted(file.id);
  worker.process.kill('SIGTERM');
  expect(await worker.ended).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
});

test('it says what is missing', async () => {
  const without = await cli.run(['work']);
  expect(without).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("does not name the application's module"),
  });
  expect((await cli.run(['work', '--schema', 'x'], { folder, env })).stderr).toContain(
    'leave --database-url and --schema out',
  );
  expect(await cli.run(['work', '--config', 'empty.js'], { folder, env })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('does not import FileRegistryModule'),
  });
  expect((await cli.run(['work', '--config', 'none.js'], { folder, env })).stderr).toContain(
    "expected the application's module class",
  );
});

test('an application that cannot start is one message', async () => {
  const failed = await cli.run(['work'], { folder, env: { ...env, APP_MEDIA: '/no/such/folder' } });
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toMatch(/^error: .*no\/such\/folder/m);
  expect(failed.stderr).not.toContain('ExceptionHandler');
  expect(failed.stderr).not.toMatch(/\n +at /);
});
