import type { Client, Pool } from 'pg';
import type { TestDatabase } from '../../support/test-database.js';
import { articleIds } from './verbs.js';
import type { BytesFactory } from './bytes.js';
import { type Command, processorCount, sessionCount } from './commands.js';
import { Play } from './play.js';
import { Worker } from './worker.js';

/** What has been run, so that a run can say that it tried something. */
export interface Tally {
  programs: number;
  commands: number;
  /** How often each kind of command did something; verbs also by how they came out. */
  readonly done: Map<string, number>;
}

/** One database in which program after program is played, each from an empty registry. */
export class World {
  readonly tally: Tally = { programs: 0, commands: 0, done: new Map() };

  private constructor(
    readonly admin: Pool,
    readonly sessions: readonly Client[],
    private readonly createBytes: BytesFactory,
  ) {}

  static async create(database: TestDatabase, createBytes: BytesFactory): Promise<World> {
    const admin = database.pool({ max: 8 });
    // An article takes its references with it, however it is deleted.
    await admin.query(`
      create table article (id text primary key);
      create function let_go() returns trigger language plpgsql as $$
        begin perform file_registry.detach_all('article', old.id, null); return null; end $$;
      create trigger let_go after delete on article for each row execute function let_go();`);
    const sessions = [];
    for (let n = 0; n < sessionCount; n++) {
      // A verb that has to wait for another session of the same program would wait for ever.
      sessions.push(await database.client({ options: '-c lock_timeout=40ms' }));
    }
    return new World(admin, sessions, createBytes);
  }

  /** @throws Violation, or whatever else went wrong. */
  async play(program: readonly Command[]): Promise<void> {
    await this.empty();
    const bytes = await this.createBytes();
    const workers: Worker[] = [];
    const start = async (batchSize: number) => {
      const worker = await Worker.start(this.admin, bytes.storage, batchSize);
      workers.push(worker);
      return worker;
    };
    const front = await start(1);
    const processors = [];
    for (let n = 0; n < processorCount; n++) processors.push(await start(n + 2));
    const play = new Play(this, bytes, front, processors, start);
    this.tally.programs++;
    try {
      await play.run(program);
    } finally {
      await Promise.all(this.sessions.map((session) => session.query('rollback')));
      await Promise.all(workers.map((worker) => worker.end()));
      await play.uploads.forget();
    }
  }

  count(what: string): void {
    this.tally.done.set(what, (this.tally.done.get(what) ?? 0) + 1);
  }

  private async empty(): Promise<void> {
    await this.admin.query(`
      set local session_replication_role = replica;
      delete from file_registry.files;           delete from file_registry.file_references;
      delete from file_registry.deletion_outbox; delete from file_registry.deletions;
      delete from file_registry.adopted_keys;    delete from article;
      update file_registry.settings set paused_at = null;
      insert into article values ${articleIds.map((id) => `('${id}')`).join(', ')};`);
  }
}
