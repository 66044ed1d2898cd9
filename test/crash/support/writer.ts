import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type FileRegistry, FileRegistryError, type FileTransaction } from 'nestjs-file-registry';
import type { Pool, PoolClient } from 'pg';
import type { AppendOnlyFile } from './append-only-file.js';
import type { Holding, JournalLine } from './journal.js';
import type { Random } from './random.js';
import type { Script } from './script.js';

const slots = ['cover', 'gallery'];
const type = 'article';

/** An application at work: one loop of several, which has the records it writes to itself. Files it shares with all. */
export class Writer {
  #recent: string[] = [];

  constructor(
    private readonly files: FileRegistry,
    private readonly pool: Pool,
    private readonly journal: AppendOnlyFile<JournalLine>,
    private readonly random: Random,
    private readonly script: Script,
    private readonly articles: readonly string[],
  ) {}

  /** Stores now and then, and changes one or two records in a transaction. Errors are part of the play. */
  async turn(): Promise<void> {
    try {
      if (this.random.chance(0.5)) await this.#store();
      await this.#transaction();
    } catch (error) {
      this.journal.append({ op: 'error', message: describe(error) });
    }
    await pause(this.random.between(0, 30));
  }

  async #store(): Promise<void> {
    const content = Buffer.alloc(this.random.between(1, 20_000), randomUUID());
    const { id } = await this.files.store(content, { filename: 'photo.jpg' });
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.journal.append({ op: 'stored', fileId: id, sha256 });
    this.#recent = [id, ...this.#recent].slice(0, 4);
  }

  async #transaction(): Promise<void> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await this.#inTransaction(client);
    } catch (error) {
      broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #inTransaction(client: PoolClient): Promise<void> {
    const durable = this.random.chance(0.8);
    const articles = this.random.some(this.articles, this.random.chance(0.3) ? 2 : 1).toSorted();
    await client.query(`begin; set local synchronous_commit = ${durable ? 'on' : 'off'}`);

    // Whoever changes a record's references locks its row; that also waits for a COMMIT of a writer that was killed.
    await client.query(
      'insert into article (id) select unnest($1::text[]) on conflict (id) do update set revision = article.revision + 1',
      [articles],
    );
    const expected = new Map<string, Set<string>>();
    for (const id of articles) {
      const holding = await holdingOf(client, id);
      this.journal.append({ op: 'saw', owner: id, holding });
      expected.set(id, new Set(holding));
    }

    const files = await this.#choices(client);
    const verbs = this.files.in(client);
    for (let count = this.random.between(1, 3); count > 0; count--) {
      await this.#verb(verbs, client, files, expected);
    }

    const after: Record<string, Holding> = {};
    for (const id of articles) {
      after[id] = await holdingOf(client, id);
      const wanted = [...expected.get(id)!].toSorted();
      if (wanted.join() !== after[id].join()) {
        this.journal.append({ op: 'broken', problem: `${id} holds [${after[id]}] instead of [${wanted}]` });
      }
    }
    await pause(this.random.between(0, this.script.holdMsMax));

    if (this.random.chance(this.script.rollback)) {
      await client.query('rollback');
      this.journal.append({ op: 'rolled-back' });
      return;
    }
    const transaction = randomUUID();
    this.journal.append({ op: 'committing', transaction, after });
    await client.query('commit');
    this.journal.append({ op: 'committed', transaction, durable });
  }

  /** Files of one's own, and any that are there: others' too, also such as nobody holds any more. */
  async #choices(client: PoolClient): Promise<string[]> {
    const { rows } = await client.query<{ id: string }>(
      'select id from file_registry.files order by random() limit 5',
    );
    return [...this.#recent, ...rows.map(({ id }) => id)];
  }

  async #verb(
    verbs: FileTransaction,
    client: PoolClient,
    files: readonly string[],
    expected: ReadonlyMap<string, Set<string>>,
  ): Promise<void> {
    const articles = [...expected.keys()];
    const id = this.random.pick(articles);
    const slot = this.random.pick(slots);
    const owner = { type, id, slot };
    const holding = expected.get(id)!;
    const chosen = this.random.some(files, this.random.between(1, 2));
    const held = [...holding].filter((entry) => entry.startsWith(`${slot}/`));
    const heldIds = held.map((entry) => entry.slice(slot.length + 1));

    try {
      switch (this.random.pick(['attach', 'attach', 'attachMany', 'detach', 'detachAll', 'replace'])) {
        case 'attach':
          await verbs.attach(chosen, owner);
          for (const file of chosen) holding.add(`${slot}/${file}`);
          break;
        case 'attachMany':
          await verbs.attachMany(
            articles.flatMap((article) =>
              chosen.map((file) => ({ file, owner: { type, id: article, slot } })),
            ),
          );
          for (const set of expected.values()) for (const file of chosen) set.add(`${slot}/${file}`);
          break;
        case 'detach': {
          const gone = this.random.some([...heldIds, ...chosen], 2);
          await verbs.detach(gone, owner);
          for (const file of gone) holding.delete(`${slot}/${file}`);
          break;
        }
        case 'detachAll':
          await client.query('update article set revision = 0 where id = $1', [id]);
          await verbs.detachAll({ type, id });
          holding.clear();
          break;
        default: {
          const next = this.random.chance(0.3) ? [] : this.random.some([...heldIds, ...chosen], 2);
          await verbs.replace(owner, next);
          for (const entry of held) holding.delete(entry);
          for (const file of next) holding.add(`${slot}/${file}`);
        }
      }
    } catch (error) {
      // The processor was faster; the transaction goes on without the file.
      const gone =
        error instanceof FileRegistryError && ['FILE_NOT_FOUND', 'FILE_CONDEMNED'].includes(error.code);
      if (!gone) throw error;
    }
  }
}

async function holdingOf(client: PoolClient, id: string): Promise<string[]> {
  const { rows } = await client.query<{ held: string }>(
    `select slot || '/' || file_id as held from file_registry.file_references
      where owner_type = $1 and owner_id = $2`,
    [type, id],
  );
  return rows.map(({ held }) => held).toSorted();
}

/** The kind of an error, without what differs from one to the next. */
function describe(error: unknown): string {
  if (error instanceof FileRegistryError) {
    return error.code === 'DATABASE_FAILED' ? `${error.code}: ${error.message}` : error.code;
  }
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? `${code}: ${String(message)}` : String(message);
}
