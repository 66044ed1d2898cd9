import { periods } from './settings.js';
import type { Stage } from './stage.js';
import { paragraph, verdict } from './terminal.js';

export interface Step {
  title: string;
  play(stage: Stage): Promise<void>;
}

export const steps: readonly Step[] = [
  {
    title: 'Two records share a photo',
    async play(stage) {
      paragraph(
        'Every picture becomes the cover of an article. One article more shows the first picture, too.',
      );
      await stage.publishAll();
      const { cover, title } = stage.article(0);
      const other = await stage.articles.publishWith(`${title}, once more`, cover);
      stage.published.push({ id: other, cover, title: `${title}, once more` });

      const covers = new Set(stage.published.map((article) => article.cover));
      await stage.show('The rows and the bytes', ...covers);
      await stage.expect(cover, { references: 2, bytes: true, state: 'file' });
      verdict(
        `#1 has two references and lies on disk once. Every file begins with an intent, 'stored': had nobody attached ` +
          `it, it would go ${periods.unattachedTtlMs} ms later.`,
      );
    },
  },
  {
    title: 'One of the two is deleted: the photo stays',
    async play(stage) {
      const { id, cover } = stage.article(0);
      paragraph(`Article ${id} is deleted, and lets go of its cover in the same transaction.`);
      await stage.articles.remove(id);
      await stage.show('Right after the commit', cover);

      await stage.until(cover, { intents: 0 });
      await stage.show('After both periods', cover);
      await stage.expect(cover, { references: 1, intents: 0, bytes: true, state: 'file' });
      verdict(
        'When their periods were over, the processor found a reference and dropped the intents. #1 stays.',
      );
    },
  },
  {
    title: 'The other one is deleted, too: the photo goes after the grace period',
    async play(stage) {
      const { id, cover } = stage.published.at(-1) ?? stage.article(0);
      paragraph(`Article ${id} is deleted.`);
      await stage.articles.remove(id);
      await stage.show('Right after the commit', cover);

      await stage.until(cover, { state: 'deleted' });
      await stage.show('After the grace period', cover);
      await stage.expect(cover, { references: 0, intents: 0, bytes: false, state: 'deleted' });
      await stage.expectToHaveWaited(cover, periods.gracePeriodMs);
      verdict(
        `#1 stayed for its grace period of ${periods.gracePeriodMs} ms, then its bytes went. A receipt remains.`,
      );
    },
  },
  {
    title: 'A transaction is rolled back: nothing is lost, and the new file goes by itself',
    async play(stage) {
      const { id, cover } = stage.article(1);
      const { title } = stage.article(2);
      paragraph(
        `Article ${id} gets a new cover and a new title in one transaction. The title is taken by article 3, so that ` +
          'PostgreSQL refuses it, after the cover was replaced.',
      );
      await refused(() => stage.articles.replaceCover(id, title, stage.upload(0)));
      const left = await stage.newestFile();
      await stage.show('Right after the rollback', cover, left);

      await stage.until(left, { state: 'deleted' });
      await stage.until(cover, { intents: 0 });
      await stage.show(`${periods.unattachedTtlMs} ms after it was stored`, cover, left);
      await stage.expect(cover, { references: 1, intents: 0, bytes: true, state: 'file' });
      await stage.expect(left, { references: 0, intents: 0, bytes: false, state: 'deleted' });
      await stage.expectToHaveWaited(left, periods.unattachedTtlMs);
      verdict(
        `${stage.numbered(cover)} is held as before. ${stage.numbered(left)} had been stored before the transaction, was ` +
          'never attached, and went without anybody cleaning up.',
      );
    },
  },
  {
    title: 'A cover is replaced',
    async play(stage) {
      const { id, cover, title } = stage.article(1);
      paragraph(`Article ${id} gets a new cover, and this time the transaction commits.`);
      const next = await stage.articles.replaceCover(id, title, stage.upload(0));
      await stage.show('Right after the commit', cover, next);

      await stage.until(cover, { state: 'deleted' });
      await stage.show('After the grace period', cover, next);
      await stage.expect(cover, { references: 0, bytes: false, state: 'deleted' });
      await stage.expectToHaveWaited(cover, periods.gracePeriodMs);
      await stage.expect(next, { references: 1, bytes: true, state: 'file' });
      verdict(`${stage.numbered(cover)} went after its grace period, ${stage.numbered(next)} is held.`);
    },
  },
  {
    title: 'A worker is killed between deleting bytes and writing that down; another finishes its work',
    async play(stage) {
      const { id, cover } = stage.article(2);
      const first = stage.currentWorker;
      first.stall();
      paragraph(
        `Article ${id} is deleted. Worker ${first.id} takes its cover, deletes the bytes, and is killed with SIGKILL ` +
          'before it can tell the database.',
      );
      await stage.articles.remove(id);
      await first.untilBytesDeleted(stage.signal);
      await first.kill();
      await stage.show('With the worker dead', cover);
      await stage.expect(cover, { references: 0, bytes: false, state: 'condemned', attempts: 1 });

      const second = await stage.startWorker();
      paragraph(
        `No file, no bytes, but no receipt either. The dead worker's lease runs out after ${periods.leaseMs} ms; ` +
          `worker ${second.id} claims the deletion again. Deleting what is gone is a success.`,
      );
      await stage.until(cover, { state: 'deleted' });
      await stage.show('After the lease', cover);
      await stage.expect(cover, { references: 0, intents: 0, bytes: false, state: 'deleted', attempts: 2 });
      verdict(`Worker ${second.id} wrote the receipt, at the second attempt.`);
    },
  },
];

/** Resolves when PostgreSQL refused the second use of a unique value. */
async function refused(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as { code?: unknown }).code !== '23505') throw error;
    paragraph(`PostgreSQL: ${(error as Error).message}`);
    return;
  }
  throw new Error('A surprise: the title was taken, and the transaction committed.');
}
