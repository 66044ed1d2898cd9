import { Inject, Injectable } from '@nestjs/common';
import { FileRegistry } from 'nestjs-file-registry';
import { DataSource, type Repository } from 'typeorm';
import { Article } from './article.entity.js';
import type { Upload } from './upload.js';

export interface ArticleDraft {
  title: string;
  cover: Upload;
  gallery: Upload[];
}

/** Nothing here attaches or detaches: a row holds the files that its columns name. */
@Injectable()
export class Articles {
  private readonly articles: Repository<Article>;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {
    this.articles = dataSource.getRepository(Article);
  }

  async create(authorId: number, draft: ArticleDraft): Promise<Article> {
    return this.articles.save(await this.build(authorId, draft));
  }

  /** All of them or none. Files are stored before the transaction; if it fails, they go by themselves. */
  async createAll(authorId: number, drafts: ArticleDraft[]): Promise<Article[]> {
    const built: Article[] = [];
    for (const draft of drafts) built.push(await this.build(authorId, draft));
    return this.dataSource.transaction(async (manager) => {
      const saved: Article[] = [];
      for (const article of built) saved.push(await manager.save(article));
      return saved;
    });
  }

  async update(id: number, { title, cover, gallery }: Partial<ArticleDraft>): Promise<Article> {
    const article = await this.articles.findOneByOrFail({ id });
    if (title !== undefined) article.title = title;
    if (cover !== undefined) article.coverId = await this.store(cover);
    if (gallery !== undefined) article.gallery = await this.storeAll(gallery);
    return this.articles.save(article);
  }

  /** Into the bin, where it holds no files; until the grace period is over it can be taken out again. */
  async softRemove(id: number): Promise<void> {
    await this.articles.softDelete(id);
  }

  async restore(id: number): Promise<void> {
    await this.articles.restore(id);
  }

  async remove(id: number): Promise<void> {
    await this.articles.delete(id);
  }

  async removeAllOf(authorId: number): Promise<void> {
    await this.articles.delete({ author: { id: authorId } });
  }

  private async build(authorId: number, { title, cover, gallery }: ArticleDraft): Promise<Article> {
    return this.articles.create({
      author: { id: authorId },
      title,
      coverId: await this.store(cover),
      gallery: await this.storeAll(gallery),
    });
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
