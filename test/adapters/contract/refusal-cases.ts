import type { FileTransaction } from 'nestjs-file-registry';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../../registry/error-of.js';
import type { TestRegistry } from '../../support/create-test-registry.js';
import type { Arena } from '../contract.js';
import { byHand, endedHandle, ends } from '../support/ended-handle.js';
import { verbs } from '../support/verbs.js';

const owner = { type: 'article', id: 'refused', slot: 'cover' };
const required = { code: 'TRANSACTION_REQUIRED', kind: 'usage' };

/** Nothing is ever done outside of a transaction. */
export function refusalCases<Tx>({ registry, host }: Arena<Tx>): void {
  const { files } = registry;

  describe('what is no transaction is refused and changes nothing', () => {
    test.for(host.refused)('%s', async ([, attempt, hint]) => {
      const file = await registry.store();
      const error = await errorOf((async () => files.in((await attempt()) as never).attach(file, owner))());
      expect(error).toMatchObject(required);
      expect(error.message).toMatch(hint);
      expect(error.message).not.toContain('has ended');
      expect(await files.count(file)).toBe(0);
    });
  });

  test.for(ends)('a transaction after its %s is refused and changes nothing', async (end) => {
    const handle = await endedHandle(registry, host, end);
    expect(await tryAll(registry, () => handle.verbs)).toEqual(allRefused);
    expect(await tryAll(registry, () => files.in(host.adapt(handle.tx)))).toEqual(allRefused);
  });

  test('a savepoint after the end of its transaction is refused and changes nothing', async () => {
    let kept: FileTransaction | undefined;
    await host.transaction((tx) =>
      host.nested(tx, async (savepoint) => {
        kept = files.in(host.adapt(savepoint));
        await kept.detachAll(owner);
      }),
    );

    expect(await tryAll(registry, () => kept as FileTransaction)).toEqual(allRefused);
  });

  test('verbs that were made in time and first used too late are refused and change nothing', async () => {
    let late: FileTransaction | undefined;
    await host.transaction(async (tx) => {
      late = files.in(host.adapt(tx));
      await host.run(tx, 'select 1');
    });

    expect(await tryAll(registry, () => late as FileTransaction)).toEqual(allRefused);
  });
}

/** Nothing is done in somebody else's transaction, where a handle stands for one transaction. */
export function othersTransactionCases<Tx>({ registry, narrow }: Arena<Tx>): void {
  test.for(ends)(
    'a transaction after its %s is refused while its connection is inside another',
    async (end) => {
      const file = await registry.store();
      const handle = await endedHandle(registry, narrow, end);
      await narrow.transaction(async (tx) => {
        await narrow.run(tx, 'select 1');
        expect(await errorOf(handle.verbs.attach(file, owner))).toMatchObject(required);
        await narrow.run(tx, 'select 1');
      });

      expect(await registry.files.count(file)).toBe(0);
    },
  );
}

/** Where the library has transactions that are ended by hand. */
export function endedByHandCases<Tx>({ registry, host }: Arena<Tx>): void {
  const { files } = registry;

  test.for(ends)('a transaction that is ended by hand works until its %s', async (end) => {
    const file = await registry.store();
    const { tx, finish, cleanUp } = await byHand(host);
    const made = files.in(host.adapt(tx));
    await made.attach(file, { ...owner, id: `by hand, ${end}` });
    await finish(end);

    expect(await files.count(file)).toBe(end === 'commit' ? 1 : 0);
    expect(await tryAll(registry, () => made)).toEqual(allRefused);
    await cleanUp();
  });

  test.for([0, 1, 2, 3, 5, 8, 13, 21, 34])(
    'nothing stays of what comes %d turns after a rollback that is still under way',
    async (turns) => {
      const file = await registry.store();
      const { tx, finish } = await byHand(host);
      const made = files.in(host.adapt(tx));
      await made.detachAll(owner);
      const ended = finish('rollback');
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const outcome = await made.attach(file, owner).catch((error: { code: string }) => error.code);
      await ended;

      expect([{ attached: 1 }, required.code]).toContainEqual(outcome);
      expect(await files.count(file)).toBe(0);
    },
  );
}

const allRefused = { codes: verbs.map(([name]) => `${name}: ${required.code}`), references: [], files: [] };

/** Tries every verb, and tells what came of it. */
async function tryAll(registry: TestRegistry, tx: () => FileTransaction): Promise<object> {
  const file = await registry.store();
  const codes: string[] = [];
  for (const [name, verb] of verbs) {
    const outcome = await (async () => verb(tx(), file, owner))().catch((error: { code: string }) => error);
    codes.push(`${name}: ${(outcome as { code?: string }).code}`);
  }
  return {
    codes,
    references: await registry.files.references(file),
    files: await registry.files.filesOf(owner),
  };
}
