import { runScript } from '../../../examples/run-script.js';

/** Runs a script of `examples/` to its end and answers what it printed. @throws Error where it fails or complains. */
export async function runQuietly(...args: Parameters<typeof runScript>): Promise<string> {
  const { exitCode, stdout, stderr } = await runScript(...args).ended;
  if (exitCode !== 0 || stderr !== '') {
    throw new Error(`${args[0]} ended with ${exitCode}: ${stderr} ${stdout}`);
  }
  return stdout;
}
