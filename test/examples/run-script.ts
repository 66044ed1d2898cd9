import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };

export const project = fileURLToPath(new URL('../../', import.meta.url));

/** What `npm run demo` runs, up to the file. */
const [, ...nodeArguments] = packageJson.scripts.demo.split(' ').slice(0, -1);

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  process: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when stdout has this text, rejects when the process ends without. */
  prints(text: string): Promise<void>;
}

interface RunOptions {
  args?: readonly string[];
  cwd?: string;
  /** Added to this process's environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
}

/** Starts a file of `examples/` as `npm run demo` starts its own. */
export function runScript(file: string, { args = [], cwd = project, env = {} }: RunOptions = {}): Running {
  const inProject = (argument: string) =>
    argument.startsWith('./') ? project + argument.slice(2) : argument;
  const child = spawn(
    process.execPath,
    [...nodeArguments.map(inProject), `${project}examples/${file}`, ...args],
    {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );

  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...output }));
  });

  return {
    process: child,
    ended,
    prints: (text) =>
      new Promise((resolve, reject) => {
        const look = () => output.stdout.includes(text) && resolve();
        child.stdout.on('data', look);
        look();
        void ended.then(({ stderr }) => reject(new Error(`It ended without '${text}'. ${stderr}`)));
      }),
  };
}
