import { type Fault, faults } from 'nestjs-file-registry/testing';
import type { DeleteFault } from './commands.js';
import { stepMinutes } from './facts.js';
import { follow, type Permission, permissionOf, Violation } from './observe.js';
import type { Scene } from './scene.js';
import { takeSnapshot } from './snapshot.js';
import type { Worker } from './worker.js';

/** Passes of processors that work, meet faults, get stuck, go on and die; and the time that passes between them. */
export class Passes {
  private readonly everStarted: Worker[];
  private paused = false;

  constructor(
    private readonly scene: Scene,
    private readonly processors: Worker[],
    private readonly start: (batchSize: number) => Promise<Worker>,
  ) {
    this.everStarted = [...processors];
  }

  async drain(place: number, fault?: DeleteFault): Promise<void> {
    const worker = this.idle(place);
    if (worker === undefined) return;
    const permission = this.permission();
    await worker.drain(fault === undefined ? undefined : faultOf(fault));
    await this.observe(permission, true, [worker]);
    this.scene.world.count(fault === undefined ? 'drain' : `drain, ${fault}`);
  }

  async drainBoth(): Promise<void> {
    const workers = this.processors.filter(({ stalled }) => stalled === undefined);
    const permission = this.permission();
    await Promise.all(workers.map((worker) => worker.drain()));
    // Each may have passed by what the other one had locked.
    await this.observe(permission, false, workers);
  }

  /** A pass beside something else; false where the processor is stuck. */
  async beside(place: number, other: (permission: Permission) => Promise<void>): Promise<boolean> {
    const worker = this.idle(place);
    if (worker === undefined) return false;
    const permission = this.permission();
    await Promise.all([worker.drain(), other(permission)]);
    await this.observe(permission, false, [worker]);
    this.scene.world.count('drain beside a verb');
    return true;
  }

  async stall(place: number, at: 'before' | 'after', call: number): Promise<void> {
    const worker = this.idle(place);
    if (worker === undefined) return;
    const permission = this.permission();
    const stalled = await worker.stall(at, call, () => this.newlyLeasedKeys());
    await this.observe(permission, !stalled, [worker]);
    if (stalled) this.scene.world.count('stall');
  }

  async wake(place: number): Promise<void> {
    const worker = this.processors[place];
    if (worker?.stalled === undefined) return;
    const permission = this.permission();
    await worker.wake();
    await this.observe(permission, false, [worker]);
    this.scene.world.count('wake');
  }

  /** Its process is dead: what it was doing never goes on, and another one takes its place. */
  async kill(place: number): Promise<void> {
    if (this.processors[place]?.stalled === undefined) return;
    const successor = await this.start(place + 2);
    this.processors[place] = successor;
    this.everStarted.push(successor);
    this.scene.world.count('kill');
  }

  async pause(): Promise<void> {
    await this.processors[0]?.processor.pause();
    this.paused = true;
    this.scene.world.count('pause');
  }

  async resume(): Promise<void> {
    if ((await this.processors[0]?.processor.resume()) !== this.paused)
      throw new Violation('The pause was forgotten.');
    this.paused = false;
  }

  /** False, and nothing happens, while a transaction that erases has rows locked. */
  async passTime(steps: number): Promise<boolean> {
    if (this.scene.openTransactions.some(({ erases }) => erases)) return false;
    const by = `${steps * stepMinutes} minutes`;
    // Of intents and deletions only: nobody asks how old a reference is, and an open transaction may be deleting it.
    await this.scene.world.admin.query(`
      set local session_replication_role = replica;
      update file_registry.deletion_outbox set noted_at = noted_at - interval '${by}';
      update file_registry.deletions
         set condemned_at = condemned_at - interval '${by}', next_attempt_at = next_attempt_at - interval '${by}',
             deleted_at = deleted_at - interval '${by}';`);
    this.scene.model.passTime(steps);
    for (const worker of this.everStarted)
      if (worker.stalled !== undefined) worker.stalled.leaseLasts = false;
    return true;
  }

  private permission(): Permission {
    return this.paused ? { condemnable: new Set(), referenced: new Set() } : permissionOf(this.scene.model);
  }

  private async observe(
    permission: Permission,
    complete: boolean,
    workers: readonly Worker[],
  ): Promise<void> {
    const open = complete ? this.scene.openTransactions : undefined;
    const snapshot = await takeSnapshot(this.scene.world.admin);
    follow(this.scene.model, snapshot, permission, open);

    if (this.paused && workers.some(({ asked }) => asked.length > 0)) {
      throw new Violation('Bytes were deleted during a pause.');
    }

    for (const holder of this.everStarted) {
      if (holder.stalled === undefined || !holder.stalled.leaseLasts) continue;
      for (const key of holder.stalled.keys.filter((held) => !this.scene.wroteLate.has(held))) {
        if (workers.some((worker) => worker !== holder && worker.asked.includes(key))) {
          throw new Violation(`${key} was deleted by another processor while a lease on it lasted.`);
        }
        if (snapshot.deletions.some((deletion) => deletion.key === key && deletion.state === 'deleted')) {
          throw new Violation(`${key} has a receipt although the holder of its lease has not written one.`);
        }
      }
    }
  }

  /** Whenever the database believes that it ends: a lease that ends too soon is what this is to find. */
  private async newlyLeasedKeys(): Promise<string[]> {
    const { rows } = await this.scene.world.admin.query<{ key: string }>(
      'select key from file_registry.deletions where lease_token is not null',
    );
    const others = new Set(this.everStarted.flatMap(({ stalled }) => stalled?.keys ?? []));
    return rows.map(({ key }) => key).filter((key) => !others.has(key));
  }

  private idle(place: number): Worker | undefined {
    const worker = this.processors[place];
    return worker?.stalled === undefined ? worker : undefined;
  }
}

function faultOf(fault: DeleteFault): Fault {
  let victim: string | undefined;
  const theVictim = (key: string) => key === (victim ??= key);
  switch (fault) {
    case 'fails':
      return faults.fail();
    case 'loses its answer':
      return faults.failAfterwards();
    case 'refuses one key':
      return faults.failKeys((key) => (theVictim(key) ? 'permanent' : undefined));
    case 'forgets one key':
      return faults.failKeys((key) => (theVictim(key) ? 'silent' : undefined));
  }
}
