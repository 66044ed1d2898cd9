import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { FileRegistry } from 'nestjs-file-registry';
import { DATABASE, type Database } from './database.module.js';
import { author } from './schema.js';
import type { Upload } from './upload.js';

export type Author = typeof author.$inferSelect;

@Injectable()
export class Authors {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  async create(name: string, avatar: Upload): Promise<Author> {
    const { id: avatarId } = await this.files.store(avatar.content, { filename: avatar.filename });
    const [created] = await this.db.insert(author).values({ name, avatarId }).returning();
    return created!;
  }

  /** The database deletes the author's articles with it, and their files go as well. */
  async remove(id: number): Promise<void> {
    await this.db.delete(author).where(eq(author.id, id));
  }
}
