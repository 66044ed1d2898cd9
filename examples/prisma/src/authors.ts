import { Inject, Injectable } from '@nestjs/common';
import { FileRegistry } from 'nestjs-file-registry';
import { type Author, PrismaClient } from './generated/prisma/client.js';
import type { Upload } from './upload.js';

@Injectable()
export class Authors {
  constructor(
    @Inject(PrismaClient) private readonly prisma: PrismaClient,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  async create(name: string, avatar: Upload): Promise<Author> {
    const { id: avatarId } = await this.files.store(avatar.content, { filename: avatar.filename });
    return this.prisma.author.create({ data: { name, avatarId } });
  }

  /** The database deletes the author's articles with it, and their files go as well. */
  async remove(id: number): Promise<void> {
    await this.prisma.author.delete({ where: { id } });
  }
}
