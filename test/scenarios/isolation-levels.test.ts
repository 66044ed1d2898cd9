import { awaitedLater } from '../support/awaited-later.js';
import { FileCondemnedError, TransactionConflictError } from 'nestjs-file-registry';
import { describe, expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { untilBlocked } from './support/until-blocked.js';

const registry = await createWatchedRegistry({ gracePeriodMs: 0, unattachedTtlMs: 0 });
const { database, files, pool, processor } = registry;

const cover = (id: string) => ({ type: 'article', id, slot: 'cover' });

describe.each(['repeatable read', 'serializable'])('a transaction in %s', (level) => {
  /** A session whose snapshot is taken. */
  async function begin() {
    const session = await database.client();
    await session.query(`begin isolation level ${level}`);
    await session.query('select count(*) from file_registry.files');
    return session;
  }

  test('that attaches a file condemned behind its snapshot is told to run again, and then why', async () => {
    const file = await registry.store();
    const application = await begin();
    await processor.drain();

    const attaching = awaitedLater(files.in(application).attach(file, cover('1')));
    await expect(attaching).rejects.toThrow(TransactionConflictError);
    await expect(attaching).rejects.toMatchObject({ retryable: true, context: { sqlState: '40001' } });
    await application.query('rollback');

    await application.query(`begin isolation level ${level}`);
    await expect(files.in(application).attach(file, cover('1'))).rejects.toThrow(FileCondemnedError);
    await application.query('rollback');
    await registry.assertLaws();
  });

  test('that waits for a settle is told to run again', async () => {
    const file = await registry.store();
    const settling = await database.client();
    await settling.query('begin');
    await settling.query("select file_registry.settle('stored', 0, 100, '-infinity', 0)");
    const application = await begin();
    const attaching = awaitedLater(files.in(application).attach(file, cover('1')));
    await untilBlocked(application, pool);

    await settling.query('commit');
    await expect(attaching).rejects.toThrow(TransactionConflictError);
    await application.query('rollback');
    await processor.drain();
    await registry.assertLaws();
  });

  test('that attaches keeps the file, though the processor passes by and commits more than it can see', async () => {
    const [file, other] = await registry.storeMany(2);
    if (!file || !other) throw new Error('two files were stored');
    const application = await begin();
    await files.in(application).attach(file, cover('1'));
    expect(await processor.drain()).toMatchObject({ condemned: 1, left: 1 });

    await application.query('commit');
    await processor.drain();
    expect(await registry.hasBytes(file)).toBe(true);
    expect(await registry.hasBytes(other)).toBe(false);
    await registry.assertLaws();
  });

  test('that detaches does not see a reference made meanwhile, and the file stays all the same', async () => {
    const file = await registry.store();
    await registry.attach(file, '1');
    const application = await begin();
    await registry.attach(file, '2');
    await files.in(application).detach(file, cover('1'));
    await application.query('commit');

    expect(await processor.drain()).toMatchObject({ condemned: 0 });
    expect(await files.count(file)).toBe(1);
    expect(await registry.hasBytes(file)).toBe(true);
  });

  test('that still sees a reference does not keep the file once that is gone', async () => {
    const file = await registry.store();
    await registry.attach(file, '1');
    const application = await begin();
    await registry.detach(file, '1');
    expect(await processor.drain()).toMatchObject({ condemned: 1, deleted: 1 });

    expect((await application.query('select from file_registry.file_references')).rows).toHaveLength(1);
    const detaching = awaitedLater(files.in(application).detach(file, cover('1')));
    await expect(detaching).rejects.toThrow(TransactionConflictError);
    await application.query('rollback');
    await registry.assertLaws();
  });

  test('that replaces a slot another one has replaced meanwhile is told to run again', async () => {
    const [before, mine, theirs] = await registry.storeMany(3);
    if (!before || !mine || !theirs) throw new Error('three files were stored');
    await registry.attach(before, '1');
    const application = await begin();
    await registry.db.transaction().execute((trx) => files.in(trx).replace(cover('1'), theirs));

    const replacing = awaitedLater(files.in(application).replace(cover('1'), mine));
    await expect(replacing).rejects.toThrow(TransactionConflictError);
    await application.query('rollback');
    await processor.drain();
    expect(await files.filesOf({ type: 'article', id: '1' })).toMatchObject([{ id: theirs.id }]);
    expect(await registry.media.files()).toEqual([theirs.key]);
    await registry.assertLaws();
  });
});
