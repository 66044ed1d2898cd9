import type { Kysely } from 'kysely';
import type { FileRegistryTables } from 'nestjs-file-registry';
import type { Pool } from 'pg';
import type { Article, Articles } from '../app/articles.js';
import { type FileState, readStates, type ShownFile } from './file-state.js';
import { type Picture, upload } from './find-pictures.js';
import { bytes, shortened, table } from './terminal.js';
import { waitUntil } from './wait-until.js';
import { WorkerProcess } from './worker-process.js';

export interface StageProperties {
  pictures: readonly Picture[];
  interruption: AbortController;
  /** Sees everything, as the owner of the registry's schema. */
  pool: Pool;
  tables: Kysely<FileRegistryTables>;
  mediaRoot: string;
  articles: Articles;
  connectionString: string;
  disposal: AsyncDisposableStack;
}

type Expected = Partial<Record<'references' | 'intents', number>> &
  Partial<Pick<FileState, 'state' | 'attempts'>>;

/** What the steps play on: the application, its files, and a worker. */
export class Stage implements AsyncDisposable {
  readonly articles: Articles;
  /** One for each picture, and three at least. */
  readonly published: (Article & { title: string })[] = [];
  private readonly numbers = new Map<string, number>();
  private worker: WorkerProcess | undefined;

  constructor(readonly properties: StageProperties) {
    this.articles = properties.articles;
  }

  get signal(): AbortSignal {
    return this.properties.interruption.signal;
  }

  async publishAll(): Promise<void> {
    const { pictures } = this.properties;
    for (let index = 0; index < Math.max(pictures.length, 3); index++) {
      const title = `Article ${index + 1}: ${this.picture(index).title}`;
      const article = await this.articles.publish(title, this.upload(index));
      this.published.push({ ...article, title });
      this.numbered(article.cover);
    }
  }

  article(index: number): Article & { title: string } {
    const article = this.published[index];
    if (article === undefined) throw new Error(`There is no article ${index}.`);
    return article;
  }

  /** The content of one of the pictures, whatever the number. */
  upload(index: number) {
    return upload(this.picture(index), this.signal);
  }

  /** Gives a file the number by which the output speaks of it. */
  numbered(file: ShownFile): string {
    const number = this.numbers.get(file.id) ?? this.numbers.size + 1;
    this.numbers.set(file.id, number);
    return `#${number}`;
  }

  /** The file that was stored last, for the one that a failed call did not answer. */
  newestFile(): Promise<ShownFile> {
    return this.properties.tables
      .selectFrom('files')
      .select(['id', 'key', 'filename', 'created_at as createdAt'])
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
  }

  /** Prints the rows and the bytes of these files as they are now. */
  async show(when: string, ...files: readonly ShownFile[]): Promise<void> {
    const shown = files.slice(0, 8);
    const states = await this.states(shown);
    table(
      when,
      ['file', 'references', 'intents', 'bytes on disk', 'state'],
      shown.map((file, index) => {
        const { references = [], intents = [], size, state = '', attempts } = states[index] ?? {};
        const holders = references.length === 0 ? '0' : `${references.length}: ${references.join(', ')}`;
        return [
          `${this.numbered(file)} ${shortened(file.filename ?? '', 28)}`,
          shortened(holders, 30),
          intents.join(', ') || '-',
          size === undefined ? 'none' : bytes(size),
          attempts === undefined ? state : `${state}, attempt ${attempts}`,
        ];
      }),
    );
    if (files.length > shown.length) console.log(`  and ${files.length - shown.length} more`);
  }

  /** @throws Error when the file is not as expected; its bytes must be there exactly where `bytes` says so. */
  async expect(file: ShownFile, expected: Expected & { bytes: boolean }): Promise<void> {
    const difference = await this.difference(file, expected);
    if (difference !== undefined) throw new Error(`A surprise: ${difference}.`);
  }

  /** @throws Error when the file was condemned before its period was over. */
  async expectToHaveWaited(file: ShownFile, periodMs: number): Promise<void> {
    const [state] = await this.states([file]);
    // The database measures in microseconds; each end is cut to a whole millisecond here.
    if ((state?.waitedMs ?? 0) < periodMs - 1) {
      throw new Error(
        `A surprise: ${this.numbered(file)} waited for ${state?.waitedMs} ms instead of ${periodMs}.`,
      );
    }
  }

  /** Waits until the processor has brought the file there. */
  async until(file: ShownFile, expected: Expected): Promise<void> {
    const text = Object.entries(expected).map(([name, value]) => `${name} ${value}`);
    await waitUntil(
      `${this.numbered(file)} has ${text.join(', ')}`,
      this.signal,
      async () => (await this.difference(file, expected)) === undefined,
    );
  }

  /** Starts a worker in the place of the one before. */
  async startWorker(): Promise<WorkerProcess> {
    const { connectionString, mediaRoot, interruption, disposal } = this.properties;
    const worker = new WorkerProcess({ DATABASE_URL: connectionString, MEDIA_ROOT: mediaRoot }, (error) =>
      interruption.abort(error),
    );
    this.worker = worker;
    disposal.defer(() => worker.kill());
    await worker.untilReady(this.signal);
    return worker;
  }

  get currentWorker(): WorkerProcess {
    if (this.worker === undefined) throw new Error('No worker was started.');
    return this.worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.properties.disposal.disposeAsync();
  }

  private picture(index: number): Picture {
    const { pictures } = this.properties;
    const picture = pictures[index % pictures.length];
    if (picture === undefined) throw new Error('There are no pictures.');
    return picture;
  }

  private states(files: readonly ShownFile[]): Promise<FileState[]> {
    return readStates(files, this.properties);
  }

  private async difference(
    file: ShownFile,
    expected: Expected & { bytes?: boolean },
  ): Promise<string | undefined> {
    const [found] = await this.states([file]);
    const actual: Record<string, unknown> = {
      ...found,
      references: found?.references.length,
      intents: found?.intents.length,
      bytes: found?.size !== undefined,
    };
    const [name] = Object.entries(expected).find(([key, value]) => actual[key] !== value) ?? [];
    if (name === undefined) return undefined;
    return `${name} of ${this.numbered(file)} is ${actual[name]} instead of ${expected[name as keyof Expected]}`;
  }
}
