import { spawnSync } from 'node:child_process';

/** Tests that need a terminal use `script` of util-linux, and are skipped where there is none. */
export const terminalMissing =
  spawnSync('script', ['--quiet', '--return', '--command', 'true', '/dev/null']).status !== 0;
