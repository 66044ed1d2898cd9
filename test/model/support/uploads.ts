import { Readable } from 'node:stream';
import { KeyBusyError, type StoredFile } from 'nestjs-file-registry';
import { type Fault, faults } from 'nestjs-file-registry/testing';
import type { WriteFault } from './commands.js';
import { dueAfter } from './facts.js';
import { Violation } from './observe.js';
import type { Scene } from './scene.js';
import type { Worker } from './worker.js';

interface PendingUpload {
  readonly key: string;
  readonly outcome: Promise<StoredFile | Error>;
  age: number;
}

const faultOf: Record<Exclude<WriteFault, 'content fails'>, () => Fault> = {
  halfway: () => faults.failHalfway({ afterBytes: 3 }),
  'halfway and stays': () => faults.failHalfway({ afterBytes: 3, keep: true }),
  'answer lost': () => faults.failAfterwards(),
};

/** How files begin: uploads that work, fail or get stuck, and adoptions. */
export class Uploads {
  private stored = 0;
  private readonly adopted = new Set<string>();
  private pending: PendingUpload | undefined;

  constructor(
    private readonly scene: Scene,
    private readonly worker: Worker,
  ) {}

  async store(): Promise<void> {
    this.scene.begin(await this.worker.files.store(this.content()));
  }

  async failToStore(fault: WriteFault): Promise<void> {
    const { files, storage } = this.worker;
    let content: Buffer | Readable = this.content();
    if (fault === 'content fails') {
      content = Readable.from(
        (function* () {
          yield Buffer.from('half of it');
          throw new Error('the client went away');
        })(),
      );
    } else {
      storage.replan({ write: { [storage.calls.write + 1]: faultOf[fault]() } });
    }
    const outcome = await files.store(content).catch((error: Error) => error);
    if (!(outcome instanceof Error))
      throw new Violation(`store answered although its write failed: ${fault}.`);
    this.scene.world.count(`store, ${fault}`);
  }

  /** One at a time gets stuck, before or after its bytes are written. */
  async begin(stuck: 'before' | 'after'): Promise<void> {
    if (this.pending !== undefined) return;
    const { files, storage } = this.worker;
    let key = '';
    storage.replan({
      write: (call) => {
        key = call.keys[0] ?? '';
        return stuck === 'before' ? faults.hang() : faults.late();
      },
    });
    const outcome = files.store(this.content()).catch((error: Error) => error);
    await Promise.race([storage.untilWaiting(), outcome]);
    storage.replan({});
    this.pending = { key, outcome, age: 0 };
  }

  /** It becomes a file if and only if no processor took its key back, which is allowed once it is due. */
  async end(): Promise<void> {
    const { pending, scene } = this;
    if (pending === undefined) return;
    this.pending = undefined;
    const { rows } = await scene.world.admin.query(
      'select state from file_registry.deletions where key = $1',
      [pending.key],
    );
    const reserved = rows[0]?.state === 'reserved';
    if (!reserved && pending.age < (dueAfter['upload'] ?? 0)) {
      throw new Violation(`The upload ${pending.key} was taken back before it was due.`);
    }
    this.worker.storage.release();
    const file = await pending.outcome;
    if (file instanceof Error === reserved) {
      throw new Violation(
        `The upload ${pending.key} was ${rows[0]?.state}, and came out as ${String(file)}.`,
      );
    }
    scene.world.count(reserved ? 'upload goes on' : 'upload was taken back');
    if (file instanceof Error) scene.wroteLate.add(pending.key);
    else scene.begin(file);
  }

  /** Whatever became of it, for a program that failed. */
  async forget(): Promise<void> {
    await this.pending?.outcome;
  }

  passTime(steps: number): void {
    if (this.pending !== undefined) this.pending.age += steps;
  }

  /** A key can be adopted once: no receipt is pruned within a program. */
  async adopt(key: string): Promise<void> {
    const { bytes, world } = this.scene;
    const placed = !(await bytes.keys()).includes(key);
    if (placed)
      await bytes.storage.write(key, Readable.from([this.content()]), { contentType: 'text/plain' });
    try {
      this.scene.begin(await this.worker.files.adopt(key));
      if (this.adopted.has(key)) throw new Violation(`${key} was adopted twice.`);
      this.adopted.add(key);
      world.count('adopt');
    } catch (error) {
      if (!(error instanceof KeyBusyError) || !this.adopted.has(key)) throw error;
      if (placed) await bytes.storage.delete([{ key, abandoned: false }]);
      world.count('adopt, KEY_BUSY');
    }
  }

  private content(): Buffer {
    return Buffer.from(`content ${++this.stored}`);
  }
}
