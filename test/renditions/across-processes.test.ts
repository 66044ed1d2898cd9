import { once } from 'node:events';
import type { StoredFile } from 'nestjs-file-registry';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { forkTypeScript } from '../support/fork-typescript.js';
import { createRenditionRegistry } from './support/rendition-registry.js';
import type { Said, Told } from './support/rendition-worker.js';

const registry = await createRenditionRegistry();
/** Started once, because starting takes longer than all else here. */
let four: Worker[] = [];

beforeAll(async () => {
  four = await Promise.all([1, 2, 3, 4].map(() => start()));
}, 120_000);

afterEach(() => four.forEach((worker) => worker.forget()));

afterAll(async () => {
  await Promise.all(four.map((worker) => worker.kill()));
});

/** A process of its own with a registry and a maker that does as it is told. */
class Worker {
  private said: Said[] = [];
  private readonly listeners = new Set<() => void>();

  private readonly process = forkTypeScript(new URL('./support/rendition-worker.ts', import.meta.url), [
    registry.database.connectionString,
    registry.media.path,
  ]);

  constructor() {
    this.process.on('message', (said: Said) => {
      this.said.push(said);
      for (const listener of this.listeners) listener();
    });
  }

  forget(): void {
    this.said = [];
  }

  has(key: string): boolean {
    return this.said.some((said) => key in said);
  }

  /** Resolves once it has said so. Starting one may take long where others are at work. */
  async until(key: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = () => this.has(key) && resolve();
    this.listeners.add(listener);
    listener();
    await promise;
    this.listeners.delete(listener);
  }

  async call(times: number, original: StoredFile, spec: string): Promise<void> {
    this.tell({ call: times, original: original.id, spec });
    await this.until('called');
  }

  tell(told: Told): void {
    this.process.send(told);
  }

  /** What its calls came to. */
  async outcome(): Promise<Extract<Said, { ids: string[] }>> {
    await this.until('ids');
    return this.said.find((said) => 'ids' in said)!;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}

async function start(): Promise<Worker> {
  const worker = new Worker();
  await worker.until('ready');
  return worker;
}

const askedOf = (among: Worker[]) => among.filter((worker) => worker.has('asked'));

test(
  'of fifty callers in four processes one makes, and all get the result',
  { timeout: 120_000 },
  async () => {
    const original = await registry.original();
    for (const [index, worker] of four.entries()) await worker.call(index < 2 ? 13 : 12, original, 'size=1');
    await Promise.race(four.map((worker) => worker.until('asked')));
    for (const worker of askedOf(four)) worker.tell({ answer: 'made once' });

    const outcomes = await Promise.all(four.map((worker) => worker.outcome()));
    expect(outcomes.flatMap(({ errors }) => errors)).toEqual([]);
    const ids = outcomes.flatMap(({ ids: got }) => got);
    expect(ids).toHaveLength(50);
    const [made] = await registry.files.renditions(original);
    expect(new Set(ids)).toEqual(new Set([made!.id]));
    expect(askedOf(four)).toHaveLength(1);
    expect(await registry.leases()).toEqual([]);
  },
);

test('a maker that is killed is replaced when its lease ends', { timeout: 120_000 }, async () => {
  const original = await registry.original();
  const [first, second] = [await start(), four[0]!];
  await first.call(1, original, 'size=1');
  await first.until('asked');
  await second.call(1, original, 'size=1');
  await first.kill();
  expect(second.has('asked')).toBe(false);

  await registry.passTime('16 seconds');
  await second.until('asked');
  second.tell({ answer: 'by the second' });
  const { ids } = await second.outcome();
  expect(await registry.files.renditions(original)).toMatchObject([{ id: ids[0] }]);
});

test(
  'a failure reaches who waits in other processes, and is tried again after a while',
  { timeout: 120_000 },
  async () => {
    const original = await registry.original();
    const [first, second] = [four[0]!, four[1]!];
    await first.call(2, original, 'size=1');
    await first.until('asked');
    await second.call(2, original, 'size=1');
    first.tell({ fail: 'no paint left' });

    const outcomes = await Promise.all([first.outcome(), second.outcome()]);
    const errors = outcomes.flatMap((outcome) => outcome.errors);
    expect(errors).toHaveLength(4);
    for (const error of errors) {
      expect(error).toEqual({
        code: 'RENDITION_FAILED',
        context: { fileId: original.id, spec: 'size=1', message: 'no paint left' },
      });
    }
    expect(second.has('asked')).toBe(false);

    await registry.passTime('10 seconds');
    expect(await registry.files.rendition(original, 'size=1')).toMatchObject({ spec: { size: '1' } });
  },
);
