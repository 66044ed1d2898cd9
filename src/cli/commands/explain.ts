import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

export function explainCommand(action: Action): Command {
  return new Command('explain')
    .summary('why a file is still here, when it will go, or why it went')
    .description('Says why a file is still here and who holds it, when it will go, or why it went.')
    .argument('<id>', "the file's id")
    .action(action(run));
}

async function run(session: CliSession, id: string) {
  await using registry = await openRegistry(session, { bytes: false, periods: true });
  const explanation = await registry.files.explain(id);
  session.output.answer(explanation, [`${explanation.fileId}: ${explanation.state}`, explanation.text]);
  return exitCodes.done;
}
