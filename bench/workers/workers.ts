import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkTypeScript } from '../../test/support/fork-typescript.js';
import type { Bench, BenchContext } from '../support/bench.js';
import { fillRegistry } from '../support/fill-registry.js';
import { makeFiles, nameFiles, removeEmptied } from '../support/make-files.js';
import { rounds } from '../support/rounds.js';
import { timed } from '../support/timed.js';

const counts = [1, 2, 4] as const;

export const workers: Bench = {
  name: 'workers',
  what: 'one backlog, deleted by 1, 2 and 4 processors in processes of their own',
  async run(context) {
    const n = context.size === 'small' ? 2000 : 50_000;
    for await (const { round, subject: count } of rounds(context.samples, counts)) {
      context.progress(`${count} processors, round ${round + 1}`);
      const ms = await sample(context, count, n);
      context.results.add(
        { name: 'backlog', n, unit: 'files/s', ratio: { to: nameOf(1) } },
        nameOf(count),
        (n / ms) * 1000,
      );
    }
  },
};

function nameOf(count: number): string {
  return count === 1 ? '1 processor' : `${count} processors`;
}

async function sample({ server, media }: BenchContext, count: number, n: number): Promise<number> {
  const files = nameFiles(n);
  const root = await media.folder();
  await makeFiles(root, files);
  await using database = await server.create({ registry: true });
  const pool = database.pool();
  await fillRegistry(pool, files, 'cover');
  await pool.query('delete from file_registry.file_references');
  await pool.query('vacuum analyze');

  const processors = Array.from({ length: count }, () =>
    forkTypeScript(new URL('./processor.ts', import.meta.url), [database.connectionString, root]),
  );
  try {
    await Promise.all(processors.map((processor) => once(processor, 'message')));
    await server.checkpoint();
    await media.sync();
    let deleted = 0;
    const ms = await timed(async () => {
      const tallies = await Promise.all(processors.map(drain));
      deleted = tallies.reduce((sum, each) => sum + each, 0);
    });
    if (deleted !== n) throw new Error(`${deleted} of ${n} files were deleted`);
    await removeEmptied(root, nameOf(count));
    return ms;
  } finally {
    await Promise.all(processors.map(end));
  }
}

async function drain(processor: ChildProcess): Promise<number> {
  const answer = once(processor, 'message');
  processor.send('drain');
  const [deleted] = (await answer) as [number];
  return deleted;
}

/** A processor ends when its channel does, also when this process dies. */
async function end(processor: ChildProcess): Promise<void> {
  if (processor.exitCode !== null || processor.signalCode !== null) return;
  const exit = once(processor, 'exit');
  if (processor.connected) processor.disconnect();
  await exit;
}
