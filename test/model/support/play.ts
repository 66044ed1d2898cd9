import { deepStrictEqual } from 'node:assert';
import type { Bytes } from './bytes.js';
import type { Command, Verb } from './commands.js';
import { expectSame } from './observe.js';
import { Passes } from './passes.js';
import { Scene } from './scene.js';
import { takeSnapshot } from './snapshot.js';
import { Transactions } from './transactions.js';
import { Uploads } from './uploads.js';
import type { Worker } from './worker.js';
import type { World } from './world.js';

/** Verbs whose answer does not depend on whether a pass beside them came a moment earlier. */
const mayRace = new Set<Verb['verb']>([
  'attach',
  'attachMany',
  'detach',
  'detachAll',
  'replace',
  'protect',
  'unprotect',
  'hold',
  'release',
]);

/** One program against the registry and against the model, command by command. */
export class Play {
  readonly uploads: Uploads;
  private readonly scene: Scene;
  private readonly transactions: Transactions;
  private readonly passes: Passes;

  constructor(
    world: World,
    bytes: Bytes,
    front: Worker,
    processors: Worker[],
    private readonly start: (batchSize: number) => Promise<Worker>,
  ) {
    this.scene = new Scene(world, bytes);
    this.transactions = new Transactions(this.scene, front.files);
    this.uploads = new Uploads(this.scene, front);
    this.passes = new Passes(this.scene, processors, start);
  }

  async run(program: readonly Command[]): Promise<void> {
    for (let n = 0; n < 3; n++) await this.uploads.store();
    for (const command of program) {
      this.scene.world.tally.commands++;
      await this.obey(command);
    }
    for (const session of this.scene.sessions) await this.transactions.end(session, 'commit');
    await this.uploads.end();
    await this.expectLaws();
    await this.expectTheEnd();
  }

  private async obey(command: Command): Promise<void> {
    const session = 'session' in command ? this.scene.sessions[command.session] : undefined;
    switch (command.do) {
      case 'verb':
        return session && this.verb(session, command.verb, command.beside);
      case 'begin':
        return session && this.transactions.begin(session);
      case 'commit':
      case 'rollback':
        return session && this.transactions.end(session, command.do);
      case 'savepoint':
        return session && this.transactions.savepoint(session, 'set');
      case 'release savepoint':
        return session && this.transactions.savepoint(session, 'release');
      case 'rollback to savepoint':
        return session && this.transactions.savepoint(session, 'rollback to');
      case 'store':
        return command.fault === undefined ? this.uploads.store() : this.uploads.failToStore(command.fault);
      case 'begin upload':
        return this.uploads.begin(command.stuck);
      case 'end upload':
        return this.uploads.end();
      case 'adopt':
        return this.uploads.adopt(`legacy/${command.key}`);
      case 'drain':
        return this.passes.drain(command.processor, command.fault);
      case 'drain both':
        return this.passes.drainBoth();
      case 'pause':
      case 'resume':
        return this.passes[command.do]();
      case 'stall':
        return this.passes.stall(command.processor, command.at, command.call);
      case 'wake':
        return this.passes.wake(command.processor);
      case 'kill':
        return this.passes.kill(command.processor);
      case 'pass time':
        if (await this.passes.passTime(command.steps)) this.uploads.passTime(command.steps);
    }
  }

  private async verb(
    session: Scene['sessions'][number],
    verb: Verb,
    beside: number | undefined,
  ): Promise<void> {
    const races = beside !== undefined && session.transaction === undefined && mayRace.has(verb.verb);
    const raced =
      races &&
      (await this.passes.beside(beside, (permission) =>
        this.transactions.perform(session, verb, permission),
      ));
    if (!raced) await this.transactions.perform(session, verb);
  }

  /** Every transaction has ended: rows and bytes are as the model and the laws say. */
  private async expectLaws(): Promise<void> {
    const { model, bytes, world } = this.scene;
    expectSame(model, await takeSnapshot(world.admin));
    await bytes.assertLaws(world.admin);
  }

  /** When everything is due and a processor without faults has worked, what is held is left and nothing else. */
  private async expectTheEnd(): Promise<void> {
    const { model, bytes, world } = this.scene;
    const { processor } = await this.start(3);
    await this.passes.resume();
    await processor.retryStuck();
    // An upload that was given up is deleted once more, one time-to-live later.
    for (let pass = 0, pending = true; pending && pass < 4; pass++) {
      await this.passes.passTime(10);
      await processor.drain();
      const { condemned, reserved, pending: intents } = await processor.stats();
      pending = condemned + reserved + intents > 0;
    }

    const doomed = model.doomed();
    const kept = [...model.files].filter((file) => !doomed.has(file)).toSorted();
    const { files, intents, deletions } = await takeSnapshot(world.admin);
    deepStrictEqual([...files].toSorted(), kept, 'the files that are held, and no others, are left');
    deepStrictEqual(intents, [], 'no intent is left');
    deepStrictEqual(
      deletions.filter(({ state }) => state !== 'deleted'),
      [],
      'no deletion is left',
    );
    await bytes.assertLaws(world.admin);
    deepStrictEqual((await bytes.keys()).length, kept.length, 'no bytes are left but those of files');
  }
}
