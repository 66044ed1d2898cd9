import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ActorMessage, ActorReply, Role } from './actor-messages.js';
import type { Arena } from './arena.js';
import { CompiledActor } from './compiled-actor.js';

/** A process of the play, in its role. */
export class Actor {
  #wanted = false;

  constructor(
    readonly name: string,
    readonly role: Role,
    private readonly child: ChildProcess,
  ) {}

  play(arena: Arena): void {
    this.tell({ verb: 'play', role: this.role, name: this.name, arena });
  }

  /** Nothing happens when it is dead. */
  tell(message: ActorMessage): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  /** Resolves when it says so, or is dead, or after that time. */
  async untilQuiet(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const take = (message: ActorReply) => (message === 'quiet' ? resolve() : undefined);
    this.child.on('message', take).once('exit', resolve);
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
    this.child.off('message', take).off('exit', resolve);
  }

  /** It ended, and nobody wanted it to. */
  get died(): boolean {
    return !this.#wanted && (this.child.exitCode !== null || this.child.signalCode !== null);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#wanted = true;
    await kill(this.child);
  }

  /** Lets it leave by itself; kills it after that time, and answers whether that was necessary. */
  async leave(timeoutMs: number): Promise<boolean> {
    this.#wanted = true;
    this.tell({ verb: 'leave' });
    const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    await gone(this.child);
    clearTimeout(timer);
    return this.child.signalCode === 'SIGKILL';
  }
}

/** Keeps processes ready that have loaded everything, which takes longer than most of them live. */
export class ActorPool implements AsyncDisposable {
  readonly #all = new Set<ChildProcess>();
  readonly #spares: { readonly child: ChildProcess; readonly ready: Promise<void> }[] = [];
  #closed = false;

  private constructor(private readonly compiled: CompiledActor) {}

  static async create(size = 4): Promise<ActorPool> {
    const pool = new ActorPool(await CompiledActor.create());
    for (let spare = 0; spare < size; spare++) pool.#fork();
    return pool;
  }

  async take(role: Role, name: string): Promise<Actor> {
    const spare = this.#spares.shift();
    if (spare === undefined) throw new Error('More processes are asked for than the pool keeps.');
    this.#fork();
    await spare.ready;
    return new Actor(name, role, spare.child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map(kill));
    await this.compiled[Symbol.asyncDispose]();
  }

  #fork(): void {
    if (this.#closed) return;
    const child = this.compiled.fork();
    this.#all.add(child);
    const ended = gone(child).then(() => {
      this.#all.delete(child);
      throw new Error('A process of the play ended before it was ready.');
    });
    const ready = Promise.race([once(child, 'message').then(() => undefined), ended]);
    // Nobody may have asked for it by the time it ends.
    for (const promise of [ended, ready]) promise.catch(() => undefined);
    this.#spares.push({ child, ready });
  }
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await gone(child);
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}
