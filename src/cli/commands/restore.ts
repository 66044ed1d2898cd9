import { Command } from 'commander';
import { validate as isUuid } from 'uuid';
import type { OwnerSelector } from '../../registry/owner.js';
import { UsageError } from '../errors/usage-error.js';
import { exitCodes } from '../exit-codes.js';
import { countOf } from '../output/format.js';
import { openRegistry } from '../registry/open-registry.js';
import type { Action, CliSession } from '../session.js';

interface RestoreOptions {
  readonly ownerType?: string;
  readonly ownerId?: string;
  readonly slot?: string;
}

export function restoreCommand(action: Action): Command {
  return new Command('restore')
    .summary('put back references that were detached, while their files are there')
    .description(
      'Undoes detaching: puts back every reference that a file, a record or a slot of it lost, as long as the file is not ' +
        'condemned. Restoring what was not detached changes nothing.',
    )
    .argument('[what]', "a file's id, or the owner as type/id or type/id/slot")
    .option('--owner-type <type>', 'with --owner-id instead: an owner whose id has a slash in it')
    .option('--owner-id <id>', 'its id; that of a composite key as it is kept: ["7","a"]')
    .option('--slot <slot>', 'one slot of it; all of them without')
    .action(action(run));
}

async function run(session: CliSession, what: string | undefined, options: RestoreOptions) {
  const target = parse(what, options);
  await using registry = await openRegistry(session, { bytes: false });
  const result = await registry.database.kysely
    .transaction()
    .execute((transaction) => registry.files.in(transaction).restore(target));
  session.output.answer(result, [
    result.restored === 0
      ? 'Nothing was to be restored: nothing of it was detached, or it is past its period.'
      : `Restored ${countOf(result.restored, 'reference')}.`,
  ]);
  return exitCodes.done;
}

function parse(
  what: string | undefined,
  { ownerType, ownerId, slot }: RestoreOptions,
): string | OwnerSelector {
  if (ownerType !== undefined && ownerId !== undefined && what === undefined) {
    return { type: ownerType, id: ownerId, ...(slot !== undefined && { slot }) };
  }
  if (what === undefined || ownerType !== undefined || ownerId !== undefined || slot !== undefined) {
    throw new UsageError(
      "Say what to restore: a file's id, type/id, type/id/slot, or --owner-type and --owner-id.",
    );
  }
  if (isUuid(what)) {
    return what;
  }
  const [type = '', id = '', ownSlot, ...others] = what.split('/');
  if (type === '' || id === '' || ownSlot === '' || others.length > 0) {
    throw new UsageError(
      `'${what}' is neither a file's id nor an owner: expected type/id or type/id/slot. For an id with a slash say --owner-type and --owner-id.`,
    );
  }
  return { type, id, ...(ownSlot !== undefined && { slot: ownSlot }) };
}
