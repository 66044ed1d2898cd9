import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Kysely, Transaction } from 'kysely';
import { type FileArgument, FileRegistry, type StoredFile } from 'nestjs-file-registry';
import { DATABASE, type Database } from './database.module.js';

export interface Upload {
  content: Readable;
  filename: string;
}

export interface Article {
  id: number;
  cover: StoredFile;
}

/** Articles with a cover each. A title is there once. */
@Injectable()
export class Articles {
  constructor(
    @Inject(DATABASE) private readonly db: Kysely<Database>,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  /** If the transaction is rolled back, the cover that was stored before it goes by itself. */
  async publish(title: string, { content, filename }: Upload): Promise<Article> {
    const cover = await this.files.store(content, { filename });
    const id = await this.db.transaction().execute((trx) => this.insert(trx, title, cover));
    return { id, cover };
  }

  /** Publishes with a cover that other articles show, too. */
  async publishWith(title: string, cover: FileArgument): Promise<number> {
    return this.db.transaction().execute((trx) => this.insert(trx, title, cover));
  }

  /** The old cover goes after the grace period, unless somebody else holds it. */
  async replaceCover(id: number, title: string, { content, filename }: Upload): Promise<StoredFile> {
    const cover = await this.files.store(content, { filename });
    await this.db.transaction().execute(async (trx) => {
      await this.files.in(trx).replace({ type: 'article', id, slot: 'cover' }, cover);
      await trx.updateTable('article').set({ title }).where('id', '=', id).execute();
    });
    return cover;
  }

  async remove(id: number): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      await trx.deleteFrom('article').where('id', '=', id).execute();
      await this.files.in(trx).detachAll({ type: 'article', id });
    });
  }

  private async insert(trx: Transaction<Database>, title: string, cover: FileArgument): Promise<number> {
    const { id } = await trx
      .insertInto('article')
      .values({ title })
      .returning('id')
      .executeTakeFirstOrThrow();
    await this.files.in(trx).attach(cover, { type: 'article', id, slot: 'cover' });
    return id;
  }
}
