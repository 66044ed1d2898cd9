import type { Kysely, Transaction } from 'kysely';
import type { FileRegistry, StoredFile } from 'nestjs-file-registry';
import type { Pool } from 'pg';

/**
 * The part of an application that keeps articles with a cover and a gallery. Every change of a row and of its files is one
 * transaction.
 */
export class Articles {
  constructor(
    private readonly db: Kysely<any>, // the tables of the application are its own business
    private readonly files: FileRegistry,
  ) {}

  static async createTables(pool: Pool): Promise<void> {
    await pool.query(`
      create table author (id integer generated always as identity primary key, name text);
      create table article (
        id        integer generated always as identity primary key,
        author_id integer references author on delete cascade,
        title     text check (title <> 'refused'));`);
  }

  async publish(
    cover: StoredFile | null,
    { title = 'News', authorId = null as number | null } = {},
  ): Promise<number> {
    return this.db.transaction().execute(async (trx) => {
      const { id } = await trx
        .insertInto('article')
        .values({ title, author_id: authorId })
        .returning('id')
        .executeTakeFirstOrThrow();
      await this.files.in(trx).replace(this.cover(id), cover);
      return id;
    });
  }

  /** What a form sends: an empty cover means that there is none. */
  async save(id: number, values: { title?: string; cover?: StoredFile | string | null }): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      if (values.cover !== undefined) {
        await this.files.in(trx).replace(this.cover(id), values.cover === '' ? null : values.cover);
      }
      if (values.title !== undefined) {
        await trx.updateTable('article').set({ title: values.title }).where('id', '=', id).execute();
      }
    });
  }

  async remove(id: number): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      await trx.deleteFrom('article').where('id', '=', id).execute();
      await this.files.in(trx).detachAll({ type: 'article', id });
    });
  }

  async removeAllTitled(title: string): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      const gone = await trx.deleteFrom('article').where('title', '=', title).returning('id').execute();
      await this.detachAll(trx, gone);
    });
  }

  /** The database deletes the author's articles. */
  async removeAuthor(authorId: number): Promise<void> {
    await this.db.transaction().execute(async (trx) => {
      const gone = await trx
        .selectFrom('article')
        .select('id')
        .where('author_id', '=', authorId)
        .forUpdate()
        .execute();
      await trx.deleteFrom('author').where('id', '=', authorId).execute();
      await this.detachAll(trx, gone);
    });
  }

  async coverOf(id: number): Promise<string | undefined> {
    const [cover] = await this.files.filesOf(this.cover(id));
    return cover?.id;
  }

  cover(id: number) {
    return { type: 'article', id, slot: 'cover' };
  }

  private async detachAll(trx: Transaction<any>, gone: readonly { id: number }[]): Promise<void> {
    for (const { id } of gone) await this.files.in(trx).detachAll({ type: 'article', id });
  }
}
