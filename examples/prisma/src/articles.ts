import { Inject, Injectable } from '@nestjs/common';
import { FileRegistry } from 'nestjs-file-registry';
import { type Article, type Prisma, PrismaClient } from './generated/prisma/client.js';
import type { Upload } from './upload.js';

export interface ArticleDraft {
  title: string;
  cover: Upload;
  gallery: Upload[];
}

/** Nothing here attaches or detaches: a row holds the files that its columns name. */
@Injectable()
export class Articles {
  constructor(
    @Inject(PrismaClient) private readonly prisma: PrismaClient,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  async create(authorId: number, draft: ArticleDraft): Promise<Article> {
    return this.prisma.article.create({ data: await this.build(authorId, draft) });
  }

  /** All of them or none. Files are stored before the transaction; if it fails, they go by themselves. */
  async createAll(authorId: number, drafts: ArticleDraft[]): Promise<Article[]> {
    const built: Prisma.ArticleUncheckedCreateInput[] = [];
    for (const draft of drafts) built.push(await this.build(authorId, draft));
    return this.prisma.$transaction(built.map((data) => this.prisma.article.create({ data })));
  }

  async update(id: number, { title, cover, gallery }: Partial<ArticleDraft>): Promise<Article> {
    const data: Prisma.ArticleUpdateInput = {};
    if (title !== undefined) data.title = title;
    if (cover !== undefined) data.coverId = await this.store(cover);
    if (gallery !== undefined) data.gallery = await this.storeAll(gallery);
    return this.prisma.article.update({ where: { id }, data });
  }

  /** Into the bin, where it holds no files; until the grace period is over it can be taken out again. */
  async softRemove(id: number): Promise<void> {
    await this.prisma.article.update({ where: { id }, data: { deletedAt: new Date() } });
  }

  async restore(id: number): Promise<void> {
    await this.prisma.article.update({ where: { id }, data: { deletedAt: null } });
  }

  async remove(id: number): Promise<void> {
    await this.prisma.article.delete({ where: { id } });
  }

  async removeAllOf(authorId: number): Promise<void> {
    await this.prisma.article.deleteMany({ where: { authorId } });
  }

  private async build(
    authorId: number,
    { title, cover, gallery }: ArticleDraft,
  ): Promise<Prisma.ArticleUncheckedCreateInput> {
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
