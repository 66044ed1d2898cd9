import { readFile, realpath } from 'node:fs/promises';

export interface FileSystem {
  readonly type: string;
  readonly options: readonly string[];
  /** Unlinking waits for TRIM where this is true, which hides every difference. Undefined where nobody says. */
  readonly discards: boolean | undefined;
}

/** The mount that a path lies on, as Linux tells it in /proc/mounts; elsewhere nothing is known. */
export async function fileSystemOf(path: string): Promise<FileSystem> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  return findMount(mounts, await realpath(path));
}

/** The longest mount point above the path; of two at the same place the later one lies on top. */
export function findMount(mounts: string, path: string): FileSystem {
  let best: { point: string; type: string; options: string } | undefined;
  for (const line of mounts.split('\n')) {
    const [, escaped, type = '', options = ''] = line.split(' ');
    if (escaped === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(parseInt(octal, 8)),
    );
    const above = point === '/' || path === point || path.startsWith(`${point}/`);
    if (above && (best === undefined || point.length >= best.point.length)) best = { point, type, options };
  }
  if (best === undefined) return { type: 'unknown', options: [], discards: undefined };
  const options = best.options.split(',');
  return { type: best.type, options, discards: options.includes('discard') };
}
