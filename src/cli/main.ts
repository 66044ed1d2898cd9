#!/usr/bin/env node
import 'reflect-metadata';
import { runCli } from './run-cli.js';

const exitCode = await runCli(process.argv.slice(2));
// Pools that nobody ends would keep the process; what was written must be out first.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
process.exit(exitCode);
