/** What the services of every example look like from outside; each in its own words. */
export interface ExampleUpload {
  content: Buffer;
  filename: string;
}

export interface ExampleDraft {
  title: string;
  cover: ExampleUpload;
  gallery: ExampleUpload[];
}

export interface ExampleAuthors {
  create(name: string, avatar: ExampleUpload): Promise<{ id: number; avatarId: string | null }>;
  remove(id: number): Promise<void>;
}

export interface ExampleArticle {
  id: number;
  coverId: string | null;
  gallery: string[];
}

export interface ExampleArticles {
  create(authorId: number, draft: ExampleDraft): Promise<ExampleArticle>;
  createAll(authorId: number, drafts: ExampleDraft[]): Promise<ExampleArticle[]>;
  update(id: number, changes: Partial<ExampleDraft>): Promise<ExampleArticle>;
  softRemove(id: number): Promise<void>;
  restore(id: number): Promise<void>;
  remove(id: number): Promise<void>;
  removeAllOf(authorId: number): Promise<void>;
}
