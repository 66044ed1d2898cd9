import { Injectable } from '@nestjs/common';
import {
  AfterFileDelete,
  BeforeFileDelete,
  type FailedFileDeletion,
  type FileDeletion,
  OnFileDeleteFailed,
} from 'nestjs-file-registry';
import { beforeEach, describe, expect, test } from 'vitest';
import { hookedAppOfFile } from '../hooks/support/hooked-app.js';
import { createParityTest } from './support/parity-test.js';

const parity = await createParityTest();
const { articles, registry } = parity;

/** What the application was told, in order, and whether the bytes were there at that moment. */
@Injectable()
class Listener {
  told: [string, string | undefined, boolean][] = [];
  last: FileDeletion | FailedFileDeletion | undefined;
  refuses: Error | undefined;

  @BeforeFileDelete()
  async before(deletions: readonly FileDeletion[]): Promise<void> {
    await this.note('before', deletions);
    if (this.refuses) throw this.refuses;
  }

  @AfterFileDelete()
  after(deletions: readonly FileDeletion[]): Promise<void> {
    return this.note('after', deletions);
  }

  @OnFileDeleteFailed()
  failed(deletions: readonly FailedFileDeletion[]): Promise<void> {
    return this.note('failed', deletions);
  }

  private async note(what: string, deletions: readonly FileDeletion[]): Promise<void> {
    const bytes = await registry.media.files();
    for (const deletion of deletions) {
      this.told.push([what, deletion.filename ?? undefined, bytes.includes(deletion.key)]);
      this.last = deletion;
    }
  }
}

const { app, processor, storage } = await hookedAppOfFile(registry, { providers: [Listener] });
const listener = app.get(Listener);

beforeEach(() => {
  Object.assign(listener, { told: [], last: undefined, refuses: undefined });
  storage.reset();
});

async function removedArticle() {
  const photo = await registry.store('bytes', 'cover.jpg');
  const id = await articles.publish(photo);
  await parity.graceEnds();
  await articles.remove(id);
  return { photo, id };
}

describe('django-cleanup', () => {
  describe('application code is told of each deletion', () => {
    test('before it, while the bytes are there, and after it, when they are gone', async () => {
      const { photo } = await removedArticle();
      expect(await processor.drain()).toMatchObject({ deleted: 1 });
      expect(listener.told).toEqual([
        ['before', 'cover.jpg', true],
        ['after', 'cover.jpg', false],
      ]);
      expect(await parity.isThere(photo)).toBe(false);
    });

    test('with the file and the owner that held it', async () => {
      const { photo, id } = await removedArticle();
      await processor.drain();
      expect(listener.last).toMatchObject({
        fileId: photo.id,
        storage: 'media',
        key: photo.key,
        filename: 'cover.jpg',
        size: 5,
        reason: 'detached',
        lastOwners: [{ type: 'article', id: String(id), slot: 'cover' }],
      });
    });

    test('with the error where it fails, and with the success later', async () => {
      await removedArticle();
      storage.onDelete = () => Promise.reject(new Error('the disk is on fire'));
      expect(await processor.drain()).toMatchObject({ failed: 1, deleted: 0 });
      expect(listener.last).toMatchObject({ error: 'the disk is on fire', attempts: 1, willRetry: true });
      storage.reset();
      await registry.passTime('25 hours');
      await processor.drain();
      expect(listener.told).toEqual([
        ['before', 'cover.jpg', true],
        ['failed', 'cover.jpg', true],
        ['before', 'cover.jpg', true],
        ['after', 'cover.jpg', false],
      ]);
    });

    test('and can put it off by failing before it', async () => {
      const { photo } = await removedArticle();
      listener.refuses = new Error('not archived yet');
      expect(await processor.drain()).toMatchObject({ failed: 1, deleted: 0 });
      expect(await registry.hasBytes(photo)).toBe(true);
      expect(await registry.deletion(photo)).toMatchObject({
        state: 'condemned',
        last_error: expect.stringContaining('not archived yet'),
      });

      listener.refuses = undefined;
      await registry.passTime('25 hours');
      expect(await processor.drain()).toMatchObject({ deleted: 1 });
      expect(await parity.isThere(photo)).toBe(false);
    });

    test('not of a file that stays', async () => {
      const photo = await registry.store();
      await articles.publish(photo);
      await registry.passTime('25 hours');
      await processor.drain();
      expect(listener.told).toEqual([]);
    });
  });
});
