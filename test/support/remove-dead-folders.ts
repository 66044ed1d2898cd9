import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Begins the name of a run's temporary folder; the runner's process id follows. */
export const runFolderPrefix = 'file-registry-run-';

/** Removes the temporary folders of runs that were killed. */
export async function removeDeadFolders(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(runFolderPrefix));
  for (const name of names) {
    const runner = Number.parseInt(name.slice(runFolderPrefix.length), 10);
    if (!isRunning(runner)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
