import type { FileTransaction } from 'nestjs-file-registry';
import { errorOf } from '../../registry/error-of.js';
import type { TestRegistry } from '../../support/create-test-registry.js';
import type { Host } from './host.js';

export const ends = ['commit', 'rollback', 'failed commit'] as const;

export type End = (typeof ends)[number];

/** A constraint that is checked at the end refuses it. */
const violation = `insert into article (title) values ('twice'), ('twice')`;

/** A handle that was used in its transaction, and the verbs made from it there. */
export async function endedHandle<Tx>(
  { files }: TestRegistry,
  host: Host<Tx>,
  end: End,
): Promise<{ tx: Tx; verbs: FileTransaction }> {
  let made: { tx: Tx; verbs: FileTransaction } | undefined;
  const work = host.transaction(async (tx) => {
    made = { tx, verbs: files.in(host.adapt(tx)) };
    await made.verbs.detachAll({ type: 'article', id: 'nobody' });
    if (end === 'failed commit') await host.run(tx, violation);
    if (end === 'rollback') throw new Error('roll back');
  });
  await (end === 'commit' ? work : errorOf(work));
  return made as NonNullable<typeof made>;
}

/** A transaction of the host that is ended by hand; `cleanUp` is for one whose COMMIT has failed. */
export async function byHand<Tx>(
  host: Host<Tx>,
): Promise<{ tx: Tx; finish(end: End): Promise<void>; cleanUp(): Promise<void> }> {
  const begun = await host.begin?.();
  if (begun === undefined) throw new Error('The host has no transactions that are ended by hand.');
  const { tx, commit, rollback } = begun;
  let hasFailed = false;
  return {
    tx,
    async finish(end) {
      if (end === 'failed commit') {
        await host.run(tx, violation);
        await errorOf(commit());
        hasFailed = true;
      } else {
        await (end === 'commit' ? commit() : rollback());
      }
    },
    async cleanUp() {
      if (hasFailed) await rollback().catch(() => undefined);
    },
  };
}
