import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileCache } from './compile-cache.js';

/**
 * Starts a TypeScript file of the project as a process of its own, with a channel for messages: for tests that kill one. A
 * process that ends with an exit code other than 0 emits 'error', so that nobody waits for its message in vain.
 *
 * ```ts
 * const worker = forkTypeScript(new URL('./worker.ts', import.meta.url), [database.connectionString]);
 * await once(worker, 'message');
 * worker.kill('SIGKILL');
 * ```
 */
export function forkTypeScript(file: URL, args: string[] = [], options: ForkOptions = {}): ChildProcess {
  const child = fork(fileURLToPath(file), args, {
    ...options,
    env: { NODE_COMPILE_CACHE: compileCache, ...(options.env ?? process.env) },
    execArgv: ['--enable-source-maps', '--import', new URL('./typescript-hooks.ts', import.meta.url).href],
  });
  child.once('exit', (code) => {
    if (code) child.emit('error', new Error(`${file.pathname} ended with exit code ${code}`));
  });
  return child;
}
