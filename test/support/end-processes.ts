import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** An environment variable that marks all processes of a run, also those whose parents are gone. */
export const runVariable = 'FILE_REGISTRY_TEST_RUN';

const patienceMs = 3_000;

/**
 * Waits for the processes that tests started to end, kills those that do not, and answers their command lines. vitest's own
 * are the children of this process and not looked at. Linux only; elsewhere it finds none.
 */
export async function endProcesses(run: string): Promise<string[]> {
  let alive = await processesOf(run);
  for (const deadline = Date.now() + patienceMs; alive.length > 0 && Date.now() < deadline;) {
    await pause(20);
    alive = await processesOf(run);
  }
  for (const { id } of alive) process.kill(id, 'SIGKILL');
  return alive.map(({ id, command }) => `${id}: ${command}`);
}

async function processesOf(run: string): Promise<{ id: number; command: string }[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .map(async (entry) => {
        const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '');
        if (!environment.split('\0').includes(`${runVariable}=${run}`)) return [];
        const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
        if (stat.slice(stat.lastIndexOf(')')).split(' ')[2] === String(process.pid)) return [];
        const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
        return [{ id: Number(entry), command: command.replaceAll('\0', ' ').trim() }];
      }),
  );
  return found.flat();
}
