import { performance } from 'node:perf_hooks';
import { withPassingFile } from './with-passing-file.js';

const askedAnewAfterMs = 60_000;

/**
 * The clock that stamps the files of a folder. On a network file system it is the server's and not this machine's, so it is
 * asked by making a file and looking at its time, at most once a minute; in between this process's monotonic clock goes on.
 * Where no file can be made, in a folder that is mounted read-only, this machine's clock stands in.
 */
export class FileSystemClock {
  #asked: { readonly fileSystemMs: number; readonly monotonicMs: number } | undefined;

  /** Milliseconds since 1970. */
  async nowMs(folder: string): Promise<number> {
    const monotonicMs = performance.now();
    if (this.#asked === undefined || monotonicMs - this.#asked.monotonicMs > askedAnewAfterMs) {
      this.#asked = { fileSystemMs: await timeOfNewFile(folder).catch(() => Date.now()), monotonicMs };
    }
    return this.#asked.fileSystemMs + (monotonicMs - this.#asked.monotonicMs);
  }
}

/** Written, because a file of that name may be there already; a full disk has it empty, with the time at which it was made. */
async function timeOfNewFile(folder: string): Promise<number> {
  return withPassingFile(folder, 'time', async (handle) => {
    await handle.write('.').catch(() => undefined);
    return (await handle.stat()).ctimeMs;
  });
}

/**
 * When a file was last written, in milliseconds since 1970. Copies often keep the time of their source as `mtime`, though they
 * were written just now; nobody can set `ctime`.
 */
export function writtenMs({
  mtimeMs,
  ctimeMs,
}: {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}): number {
  return Math.max(mtimeMs, ctimeMs);
}
