import { Inject, Injectable } from '@nestjs/common';
import { FileRegistry } from 'nestjs-file-registry';
import { DataSource } from 'typeorm';
import { Author } from './author.entity.js';
import type { Upload } from './upload.js';

@Injectable()
export class Authors {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  async create(name: string, avatar: Upload): Promise<Author> {
    const { id: avatarId } = await this.files.store(avatar.content, { filename: avatar.filename });
    return this.dataSource.manager.save(this.dataSource.manager.create(Author, { name, avatarId }));
  }

  /** The database deletes the author's articles with it, and their files go as well. */
  async remove(id: number): Promise<void> {
    await this.dataSource.manager.delete(Author, id);
  }
}
