import { Inject, Injectable } from '@nestjs/common';
import { eq, sql } from 'drizzle-orm';
import { FileRegistry } from 'nestjs-file-registry';
import { DATABASE, type Database } from './database.module.js';
import { article } from './schema.js';
import type { Upload } from './upload.js';

export type Article = typeof article.$inferSelect;

export interface ArticleDraft {
  title: string;
  cover: Upload;
  gallery: Upload[];
}

/** Nothing here attaches or detaches: a row holds the files that its columns name. */
@Injectable()
export class Articles {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  async create(authorId: number, draft: ArticleDraft): Promise<Article> {
    const [created] = await this.db
      .insert(article)
      .values(await this.build(authorId, draft))
      .returning();
    return created!;
  }

  /** All of them or none. Files are stored before the transaction; if it fails, they go by themselves. */
  async createAll(authorId: number, drafts: ArticleDraft[]): Promise<Article[]> {
    const built: (typeof article.$inferInsert)[] = [];
    for (const draft of drafts) built.push(await this.build(authorId, draft));
    return this.db.transaction(async (tx) => {
      const created: Article[] = [];
      for (const values of built) created.push(...(await tx.insert(article).values(values).returning()));
      return created;
    });
  }

  async update(id: number, { title, cover, gallery }: Partial<ArticleDraft>): Promise<Article> {
    const changes: Partial<Article> = {};
    if (title !== undefined) changes.title = title;
    if (cover !== undefined) changes.coverId = await this.store(cover);
    if (gallery !== undefined) changes.gallery = await this.storeAll(gallery);
    const [updated] = await this.db.update(article).set(changes).where(eq(article.id, id)).returning();
    return updated!;
  }

  /** Into the bin, where it holds no files; until the grace period is over it can be taken out again. */
  async softRemove(id: number): Promise<void> {
    await this.db
      .update(article)
      .set({ deletedAt: sql`now()` })
      .where(eq(article.id, id));
  }

  async restore(id: number): Promise<void> {
    await this.db.update(article).set({ deletedAt: null }).where(eq(article.id, id));
  }

  async remove(id: number): Promise<void> {
    await this.db.delete(article).where(eq(article.id, id));
  }

  async removeAllOf(authorId: number): Promise<void> {
    await this.db.delete(article).where(eq(article.authorId, authorId));
  }

  private async build(
    authorId: number,
    { title, cover, gallery }: ArticleDraft,
  ): Promise<typeof article.$inferInsert> {
    return { authorId, title, coverId: await this.store(cover), gallery: await this.storeAll(gallery) };
  }

  private async storeAll(uploads: Upload[]): Promise<string[]> {
    const ids: string[] = [];
    for (const upload of uploads) ids.push(await this.store(upload));
    return ids;
  }

  private async store({ content, filename }: Upload): Promise<string> {
    const file = await this.files.store(content, { filename });
    return file.id;
  }
}
