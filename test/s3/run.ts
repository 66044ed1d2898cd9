/**
 * Runs what touches storage on a real S3 server: the suites beside this file, and the core's own tests with a bucket in place
 * of the folder. The server is that of S3_ENDPOINT, or one of the run's own. Ends with the line 'N passed, N failed'.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openS3Server } from './support/open-s3-server.js';
import type { S3Server } from './support/s3-server.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

let server: S3Server;
try {
  server = await openS3Server();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
console.log(`S3: ${server.name} at ${server.endpoint}`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

const filters = process.argv.slice(2);
const sum = { passed: 0, failed: 0 };
try {
  for (const config of ['vitest.config.ts', 'core.vitest.config.ts']) {
    if (!stopping.signal.aborted) await runVitest(config, server);
  }
} finally {
  await server.stop();
}
if (stopping.signal.aborted) sum.failed ||= 1;
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed > 0 ? 1 : 0;

async function runVitest(
  config: string,
  { endpoint, region, accessKeyId, secretAccessKey }: S3Server,
): Promise<void> {
  const vitest = spawn(
    process.execPath,
    [
      `${root}node_modules/vitest/vitest.mjs`,
      'run',
      '--config',
      here + config, // A filter may concern one of the two alone.
      ...(filters.length > 0 ? ['--passWithNoTests', ...filters] : []),
    ],
    {
      cwd: root,
      env: {
        ...process.env,
        S3_ENDPOINT: endpoint,
        S3_REGION: region,
        S3_ACCESS_KEY: accessKeyId,
        S3_SECRET_KEY: secretAccessKey,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const stop = () => vitest.kill('SIGINT');
  stopping.signal.addEventListener('abort', stop);
  let output = '';
  vitest.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output = (output + text).slice(-10_000);
  });
  const [code] = (await once(vitest, 'close')) as [number | null];
  stopping.signal.removeEventListener('abort', stop);
  const closing = [...output.matchAll(/^(\d+) passed, (\d+) failed, /gm)].at(-1);
  sum.passed += Number(closing?.[1] ?? 0);
  sum.failed += code === 0 ? Number(closing?.[2] ?? 0) : Math.max(Number(closing?.[2] ?? 0), 1);
}
