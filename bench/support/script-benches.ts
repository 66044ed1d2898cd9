import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Size } from './parse-options.js';

/** Benchmarks that are scripts of their own and print what they find as they like. */
export const scriptBenches: Readonly<
  Record<string, { readonly what: string; readonly small: readonly string[] }>
> = {
  'attach-per-adapter': { what: "attach in each library's transaction against a bare INSERT", small: ['20'] },
  'drain-against-delete': { what: 'a drain without storage against a bare DELETE', small: ['5000'] },
  import: { what: 'rows a second of an import', small: ['5000'] },
  reconcile: { what: 'objects a second of reconciling, and its memory', small: ['20000', '2000'] },
  'row-sizes': { what: 'bytes of rows, indexes and WAL for each file', small: ['5000'] },
  's3-deletes': { what: 'bulk deletes on an S3 server against single ones', small: ['300'] },
  'tracked-column': { what: 'what a tracked column costs its statements', small: ['5000'] },
};

/** Runs one; its output goes to the error output where ours is for machines. Answers its exit code. */
export async function runScript(name: string, size: Size, json: boolean): Promise<number> {
  const hooks = new URL('../../test/support/typescript-hooks.ts', import.meta.url).href;
  const script = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
  const args = size === 'small' ? scriptBenches[name]!.small : [];
  const child = spawn(process.execPath, ['--import', hooks, script, ...args], {
    stdio: ['ignore', json ? process.stderr : 'inherit', 'inherit'],
  });
  const stop = () => child.kill();
  process.once('exit', stop);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('exit', stop);
  return code ?? 1;
}
