import { ConflictException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import type { Kysely } from 'kysely';
import { type AttachedFile, FileRegistry, type StoredFile } from 'nestjs-file-registry';
import { DATABASE, type Database } from '../app/database.module.js';

export interface PublishedArticle {
  id: number;
  cover: string;
}

const uniqueViolation = '23505';

/** Articles with a cover each, which was stored while the request came in. A title is there once. */
@Injectable()
export class Articles {
  constructor(
    @Inject(DATABASE) private readonly db: Kysely<Database>,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  async publish(title: string, cover: StoredFile): Promise<PublishedArticle> {
    return this.db.transaction().execute(async (trx) => {
      const { id } = await trx
        .insertInto('article')
        .values({ title })
        .returning('id')
        .executeTakeFirstOrThrow()
        .catch(refuseTakenTitle);
      await this.files.in(trx).attach(cover, { type: 'article', id, slot: 'cover' });
      return { id, cover: cover.id };
    });
  }

  /** The old cover goes after the grace period, unless somebody else holds it. */
  async replaceCover(id: number, cover: StoredFile): Promise<PublishedArticle> {
    await this.db.transaction().execute(async (trx) => {
      // Locked, so that the article is not removed before its new cover is attached.
      const article = await trx
        .selectFrom('article')
        .select('id')
        .where('id', '=', id)
        .forUpdate()
        .executeTakeFirst();
      if (article === undefined) throw new NotFoundException();
      await this.files.in(trx).replace({ type: 'article', id, slot: 'cover' }, cover);
    });
    return { id, cover: cover.id };
  }

  async remove(id: number): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      await trx.deleteFrom('article').where('id', '=', id).execute();
      await this.files.in(trx).detachAll({ type: 'article', id });
    });
  }

  async cover(id: number): Promise<AttachedFile> {
    const [cover] = await this.files.filesOf({ type: 'article', id, slot: 'cover' });
    if (cover === undefined) throw new NotFoundException();
    return cover;
  }
}

function refuseTakenTitle(error: unknown): never {
  throw (error as { code?: string }).code === uniqueViolation ? new ConflictException() : error;
}
