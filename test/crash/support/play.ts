import { mkdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { migrate } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { startPostgres, type Postgres } from '../../support/start-postgres.js';
import { TemporaryFolder } from '../../support/temporary-folder.js';
import type { Role } from './actor-messages.js';
import type { Actor, ActorPool } from './actor-pool.js';
import { type Arena, places } from './arena.js';
import { Audit } from './audit.js';
import { now } from './clock.js';
import { drainToTheEnd } from './drain-to-the-end.js';
import { LateHand } from './late-hand.js';
import { type PlantName, sow } from './plants.js';
import { Random } from './random.js';
import { scriptFor } from './script.js';

export interface PlayOptions {
  readonly kills: number;
  readonly seed: string;
  readonly plant?: PlantName | undefined;
  readonly actors: ActorPool;
  /** Ends the play at once. */
  readonly signal?: AbortSignal | undefined;
}

export interface PlayReport {
  readonly violations: readonly string[];
  /** What happened, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Errors that writers and workers met, by how often. */
  readonly errors: ReadonlyMap<string, number>;
}

/** A server that is in no hurry to write its log, so that a crash loses every commit that nobody forced. */
const careless = {
  synchronous_commit: 'off',
  wal_writer_delay: '10s',
  wal_writer_flush_after: '1GB',
  bgwriter_lru_maxpages: '0',
  max_wal_size: '4GB',
};

const cast: readonly [Role, string][] = [
  ['writer', 'writer-1'],
  ['writer', 'writer-2'],
  ['worker', 'worker-1'],
  ['worker', 'worker-2'],
];

/** How long a process may take to end what it does. */
const patienceMs = 15_000;

/** One run: a server, a storage and four processes, killed one after the other until enough were or a law is broken. */
export async function play({ kills, seed, plant, actors, signal }: PlayOptions): Promise<PlayReport> {
  await using undo = new AsyncDisposableStack();

  const folder = undo.use(await TemporaryFolder.create('crash'));
  await mkdir(places(folder.path).media);
  await mkdir(places(folder.path).limbo);
  const postgres = await startPostgres({ settings: careless });
  undo.defer(() => postgres.stop());
  const admin = new Pool({ connectionString: postgres.connectionString, application_name: 'play', max: 2 });
  admin.on('error', () => undefined);
  undo.defer(() => admin.end());
  await migrate(admin);
  await admin.query('create table article (id text primary key, revision integer not null default 0)');
  if (plant !== undefined) await sow(admin, plant);

  const lateHand = new LateHand(folder.path);
  undo.defer(() => lateHand.stop());
  const audit = new Audit(admin, folder.path);
  undo.defer(() => audit.close());

  const script = scriptFor(plant);
  const arena: Arena = {
    connectionString: postgres.connectionString,
    folder: folder.path,
    seed,
    script,
  };
  const stage = new Stage(postgres, admin, actors, arena, new Random(seed), audit, signal);
  undo.defer(() => stage.clear());

  await stage.enter();
  const deadline = now() + 30_000 + kills * 3_000;
  while (stage.kills < kills && stage.violations.length === 0) {
    if (now() > deadline)
      throw new Error(`The play took too long: ${stage.kills} of ${kills} kills were done.`);
    await stage.step(script);
  }
  if (stage.violations.length === 0) {
    await stage.leave();
    while (lateHand.pending > 0) await pause(20);
    await drainToTheEnd(admin, folder.path);
    stage.violations.push(...(await audit.judge()));
  }

  const { removals, counts } = audit.bytes;
  const report: PlayReport = {
    violations: stage.violations,
    counts: { ...stage.counts, 'late landings': lateHand.landed, ...audit.counts, ...counts },
    errors: audit.errors,
  };
  if (report.violations.length === 0 && (audit.counts.committed === 0 || removals.length === 0)) {
    throw new Error('The play proves nothing: nothing was committed, or nothing was deleted.');
  }
  return report;
}

/** The processes on it and what befalls them. */
class Stage {
  violations: string[] = [];
  readonly counts = { kills: 0, crashes: 0, 'connections ended': 0, 'bad weather': 0, stalls: 0 };
  readonly #actors = new Map<string, Actor>();
  readonly #stalled = new Set<Actor>();
  readonly #aside = new Set<Promise<void>>();
  #generation = 0;

  constructor(
    private readonly postgres: Postgres,
    private readonly admin: Pool,
    private readonly pool: ActorPool,
    private readonly arena: Arena,
    private readonly random: Random,
    private readonly audit: Audit,
    private readonly signal: AbortSignal | undefined,
  ) {}

  get kills(): number {
    return this.counts.kills;
  }

  async enter(): Promise<void> {
    await Promise.all(cast.map(([role, place]) => this.#enter(role, place)));
    await this.#watch(500);
  }

  async step(script: ReturnType<typeof scriptFor>): Promise<void> {
    if (this.random.chance(script.stall)) this.#beside(this.#stall(this.random.between(1600, 2000)));
    if (this.random.chance(script.badWeather)) this.#beside(this.#badWeather(this.random.between(300, 900)));
    if (this.random.chance(script.terminate)) await this.#terminate(this.random.between(1, 4));
    await this.#watch(this.random.between(200, 1000));

    const crash = this.random.chance(script.crash);
    if (crash && this.random.chance(script.crashInSilence))
      await this.#silence(this.random.between(300, 700));
    if (crash && this.violations.length === 0) await this.#crash();
    if (this.violations.length === 0) await this.#kill();
  }

  /** Everybody finishes what he does and leaves. */
  async leave(): Promise<void> {
    await Promise.all(this.#aside);
    this.#tellAll({ verb: 'weather', bad: false });
    const all = [...this.#actors.values()];
    for (const role of ['writer', 'worker']) {
      const leaving = all.filter((actor) => actor.role === role);
      const forced = await Promise.all(leaving.map((actor) => actor.leave(patienceMs)));
      this.violations.push(
        ...leaving.filter((_, index) => forced[index]).map(({ name }) => `a process did not end: ${name}`),
      );
    }
    this.#actors.clear();
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#actors.values()].map((actor) => actor.kill()));
    await Promise.allSettled(this.#aside);
  }

  async #enter(role: Role, place: string): Promise<void> {
    const actor = await this.pool.take(role, `${place}#${this.#generation++}`);
    this.#actors.set(place, actor);
    actor.play(this.arena);
  }

  async #kill(): Promise<void> {
    const [role, place] = this.random.pick(cast);
    const actor = this.#actors.get(place);
    if (actor === undefined || this.#stalled.has(actor)) return;
    await actor.kill();
    this.counts.kills++;
    await this.#enter(role, place);
  }

  async #crash(): Promise<void> {
    await this.postgres.crash();
    this.counts.crashes++;
    await pause(this.random.between(0, 200));
    await this.postgres.start();
    await this.#look();
    this.#tellAll({ verb: 'hush', hushed: false });
  }

  /** Nobody but the workers does anything, so that nobody forces their commits with his own. */
  async #silence(ms: number): Promise<void> {
    this.#tellAll({ verb: 'hush', hushed: true });
    const writers = [...this.#actors.values()].filter((actor) => actor.role === 'writer');
    await Promise.all(writers.map((actor) => actor.untilQuiet(1_500)));
    await pause(ms);
  }

  async #stall(ms: number): Promise<void> {
    const writers = [...this.#actors.values()].filter(
      (actor) => actor.role === 'writer' && !this.#stalled.has(actor),
    );
    if (writers.length === 0) return;
    const actor = this.random.pick(writers);
    this.#stalled.add(actor);
    this.counts.stalls++;
    actor.signal('SIGSTOP');
    await pause(ms, undefined, { ref: false });
    actor.signal('SIGCONT');
    this.#stalled.delete(actor);
  }

  async #badWeather(ms: number): Promise<void> {
    this.counts['bad weather']++;
    this.#tellAll({ verb: 'weather', bad: true });
    await pause(ms, undefined, { ref: false });
    this.#tellAll({ verb: 'weather', bad: false });
  }

  async #terminate(count: number): Promise<void> {
    const { rowCount } = await this.admin.query(
      `select pg_terminate_backend(pid)
         from (select pid from pg_stat_activity
                where application_name like 'w%' order by random() limit $1) s`,
      [count],
    );
    this.counts['connections ended'] += rowCount ?? 0;
  }

  /** Lets it play for a while, looking all the time. */
  async #watch(ms: number): Promise<void> {
    for (const end = now() + ms; now() < end && this.violations.length === 0;) {
      await pause(Math.min(200, end - now()));
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    this.signal?.throwIfAborted();
    const dead = [...this.#actors.values()].filter((actor) => actor.died);
    this.violations = [
      ...dead.map(({ name }) => `a process ended by itself: ${name}`),
      ...(await this.audit.look()),
    ];
  }

  #beside(work: Promise<void>): void {
    const settled = work.finally(() => this.#aside.delete(settled));
    this.#aside.add(settled);
  }

  #tellAll(message: Parameters<Actor['tell']>[0]): void {
    for (const actor of this.#actors.values()) actor.tell(message);
  }
}
