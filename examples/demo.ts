/**
 * Shows what the registry does on a real PostgreSQL and a real disk: `npm run demo [-- DIR]`. Stores the pictures of
 * `examples/media`, or every file of DIR. Exit codes: 0 all as expected, 1 something was not, 2 wrong arguments.
 */
import 'reflect-metadata';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { checkLaws } from './demo/check-laws.js';
import { findPictures } from './demo/find-pictures.js';
import { openStage } from './demo/open-stage.js';
import { steps } from './demo/steps.js';
import { heading, paragraph } from './demo/terminal.js';
import { UsageError } from './demo/usage-error.js';

const startedAt = performance.now();
const interruption = new AbortController();
let exitCode = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    exitCode = 128 + constants.signals[signal];
    interruption.abort(new Error(`${signal}: tidying up`));
  });
}
// Somebody reads only the first lines, as `| head` does.
process.stdout.on('error', (error) => interruption.abort(error));

try {
  const pictures = await findPictures(pictureFolder(process.argv.slice(2)));
  await using stage = await openStage(pictures, interruption);
  for (const [index, step] of steps.entries()) {
    heading(`${index + 1}. ${step.title}`);
    await step.play(stage);
  }
  heading('The laws: every row against every row, every row against its bytes');
  await checkLaws(stage);
  paragraph(`Done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
} catch (error) {
  exitCode ||= error instanceof UsageError ? 2 : 1;
  report(interruption.signal.aborted ? interruption.signal.reason : error);
}
process.exit(exitCode);

function pictureFolder(args: readonly string[]): string {
  const [folder, ...more] = args;
  if (more.length > 0 || folder?.startsWith('-')) {
    throw new UsageError(`Usage: npm run demo [-- DIR]. Received: ${args.join(' ')}`);
  }
  if (folder === undefined) {
    return fileURLToPath(new URL('./media', import.meta.url));
  }
  // npm changes into the project's folder first; a relative path starts where it was typed.
  const typedIn = process.env['npm_lifecycle_event'] === 'demo' ? process.env['INIT_CWD'] : undefined;
  return resolve(typedIn ?? process.cwd(), folder);
}

function report(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  console.error(styleText('red', `\n${text}${cause}`, { stream: process.stderr }));
}
