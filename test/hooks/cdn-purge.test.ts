import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { runScript } from '../examples/run-script.js';
import { assertLaws } from '../support/assert-laws.js';
import { createTestDatabase } from '../support/create-test-database.js';
import { TemporaryFolder } from '../support/temporary-folder.js';

const database = await createTestDatabase();

const purged: unknown[] = [];
let status = 200;
const cdn = createServer((request, response) => {
  void json(request).then((body) => {
    purged.push({ url: `${request.method} ${request.url}`, body });
    response.writeHead(status).end();
  });
});
await new Promise<void>((resolve) => cdn.listen(0, '127.0.0.1', resolve));
afterAll(() => cdn.close());
const CDN_URL = `http://127.0.0.1:${(cdn.address() as AddressInfo).port}`;

test('the example purges what it deletes from a CDN, except for the types it leaves out', async () => {
  await using folder = await TemporaryFolder.create('cdn-purge');
  const run = () =>
    runScript('cdn-purge.ts', { cwd: folder.path, env: { DATABASE_URL: database.connectionString, CDN_URL } })
      .ended;

  expect(await run()).toEqual({ exitCode: 0, stderr: '', stdout: '2 deleted, 0 failed\n' });
  expect(purged).toEqual([
    { url: 'POST /purge', body: { paths: [expect.stringMatching(/^\/media\/.*article\.txt$/)] } },
  ]);

  status = 503;
  const refused = await run();
  expect(refused).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 deleted, 0 failed') });
  expect(refused.stdout + refused.stderr).toContain(
    'The hook Cdn.purge failed for 1 deletion(s) and is not called with them again: the CDN answered 503',
  );
  expect(await folder.files()).toEqual([]);
  await assertLaws({ admin: database.pool(), storages: { media: `${folder.path}/media` } });
});
