import { setTimeout as pause } from 'node:timers/promises';
import { type FileTransaction, localStorage, trackFileColumn } from 'nestjs-file-registry';
import type { ClientBase } from 'pg';
import { fillRegistry } from '../support/fill-registry.js';
import { openRegistry } from '../support/open-registry.js';
import type { DeletedOwner, DrainStage, DrainSystem, OpenDrain } from './drain-system.js';

type Detach = (
  client: ClientBase,
  owners: readonly DeletedOwner[],
  inside: (client: ClientBase) => FileTransaction,
) => Promise<void>;

/** How long a processor alongside waits when nothing is due: the least that its schedule allows. */
const idlePauseMs = 10;

export const registryColumn = system('registry, tracked column', 'cover_id');

/** The verb, once for the hundred owners of a transaction. */
export const registryAtOnce = system('registry, detachAll', 'cover', async (client, owners, inside) => {
  await inside(client).detachAll(owners.map(({ id }) => ({ type: 'article', id })));
});

export const registryPerOwner = system(
  'registry, detachAll for each row',
  'cover',
  async (client, owners, inside) => {
    const verbs = inside(client);
    for (const { id } of owners) await verbs.detachAll({ type: 'article', id });
  },
);

function system(name: string, slot: string, detach?: Detach): DrainSystem {
  return {
    name,
    registry: true,
    modes: ['afterwards', 'alongside'],
    open: (stage) => open(stage, slot, detach),
  };
}

async function open(
  { database, root, files, mode }: DrainStage,
  slot: string,
  detach: Detach | undefined,
): Promise<OpenDrain> {
  const pool = database.pool();
  await fillRegistry(pool, files, slot);
  if (detach === undefined) await trackFileColumn(pool, { table: 'article', column: slot });
  const registry = await openRegistry({
    database: pool,
    storages: { media: localStorage({ root }) },
    gracePeriodMs: 0,
  });

  let deleted = 0;
  let finishing = mode === 'afterwards';
  const drain = async () => {
    deleted += (await registry.processor.drain()).deleted;
  };
  let alongside: Promise<void> | undefined;
  return {
    ...(detach && {
      inTransaction: (client: ClientBase, owners: readonly DeletedOwner[]) =>
        detach(client, owners, (connection) => registry.files.in(connection as never)),
    }),
    start: async () => {
      alongside = (async () => {
        while (!finishing) {
          const before = deleted;
          await drain();
          if (deleted === before) await pause(idlePauseMs);
        }
      })();
      alongside.catch(() => undefined);
    },
    async finish() {
      finishing = true;
      await alongside;
      await drain();
      if (deleted !== files.length) throw new Error(`${deleted} of ${files.length} files were deleted`);
    },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}
