import { Readable } from 'node:stream';
import type {
  FileStorage,
  ListedObject,
  StorageDeleteOptions,
  StorageDeleteOutcome,
  StorageDeletion,
  StorageListOptions,
  StorageObject,
  StorageReadOptions,
  StoredObject,
  StorageWriteOptions,
  StorageWriteResult,
} from '../storage/storage.js';
import type { Fault, StorageCallKind } from './faults.js';
import { FaultGate } from './fault-gate.js';

export interface StorageCall {
  readonly kind: StorageCallKind;
  /** Which call of its kind this is, from 1. */
  readonly number: number;
  /** Which call of any kind this is, from 1. */
  readonly numberOfAll: number;
  /** The keys it is about; none for `check`. */
  readonly keys: readonly string[];
}

/** One fault for every call, faults by the number of the call from 1, or a function that is asked at every call. */
export type FaultSchedule =
  Fault | Readonly<Record<number, Fault>> | ((call: StorageCall) => Fault | undefined);

/** What goes wrong and when. A fault for a kind goes before one under `any`, which counts calls of all kinds together. */
export type FaultPlan = Readonly<Partial<Record<StorageCallKind | 'any', FaultSchedule>>>;

/**
 * Wraps a storage and lets chosen calls fail, hang or answer late. The same plan and the same calls give the same faults;
 * nothing in it waits for a clock.
 *
 * ```ts
 * const media = faultyStorage(memoryStorage(), {
 *   write: { 2: faults.failHalfway({ afterBytes: 1000 }) },
 *   delete: { 1: faults.hang(), 2: faults.failKeys(() => 'permanent') },
 * });
 * const draining = drainAll(app);
 * await media.untilWaiting();       // the first deletion hangs
 * …
 * media.release();
 * await draining;
 * ```
 *
 * To try every point at which something can fail, count up until none does:
 *
 * ```ts
 * for (let n = 1, struck = true; struck; n++) {
 *   const media = faultyStorage(memoryStorage(), { any: { [n]: faults.fail() } });
 *   …
 *   struck = media.struck > 0;
 * }
 * ```
 */
export function faultyStorage(storage: FileStorage, plan: FaultPlan = {}): FaultyStorage {
  return new FaultyStorage(storage, plan);
}

export class FaultyStorage implements FileStorage {
  readonly #counts = { check: 0, write: 0, read: 0, stat: 0, list: 0, delete: 0 };
  #gate = new FaultGate();
  #plan: FaultPlan;
  #struck = 0;

  constructor(
    /** The storage behind, which works. */
    readonly inner: FileStorage,
    plan: FaultPlan = {},
  ) {
    this.#plan = plan;
  }

  get location(): string {
    return this.inner.location;
  }

  /** How often each was called, faults included. */
  get calls(): Readonly<Record<StorageCallKind, number>> {
    return { ...this.#counts };
  }

  /** How many calls met a fault. */
  get struck(): number {
    return this.#struck;
  }

  /** How many calls hang, or have done their work and not answered. */
  get waiting(): number {
    return this.#gate.waiting;
  }

  /** Resolves when so many calls wait at once. Gives up on nothing: the time limit is the test's. */
  untilWaiting(count = 1): Promise<void> {
    return this.#gate.untilWaiting(count);
  }

  /** Lets every call that waits now go on. */
  release(): void {
    this.#gate.release();
  }

  /** Another plan from the next call on. The numbers of calls go on counting. */
  replan(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** No more faults: whatever waits goes on, and no call that is under way will wait. */
  heal(): void {
    this.#plan = {};
    this.#gate.open();
    this.#gate = new FaultGate();
  }

  async check(): Promise<void> {
    return this.#call('check', [], undefined, () => this.inner.check());
  }

  async write(key: string, content: Readable, options: StorageWriteOptions): Promise<StorageWriteResult> {
    // While a call hangs nobody else listens, and an error that nobody listens to ends the process.
    content.on('error', () => undefined);
    try {
      return await this.#call(
        'write',
        [key],
        options.signal,
        () => this.inner.write(key, content, options),
        (fault) => this.#writeHalf(key, content, options, fault),
      );
    } catch (error) {
      content.destroy();
      throw error;
    }
  }

  async read(object: StorageObject, options: StorageReadOptions = {}): Promise<Readable> {
    return this.#call(
      'read',
      [object.key],
      options.signal,
      () => this.inner.read(object, options),
      undefined,
      // Its answer is lost, and nobody else will close it.
      (stream) => stream.on('error', () => undefined).destroy(),
    );
  }

  async stat(object: StorageObject): Promise<StoredObject | null> {
    return this.#call('stat', [object.key], undefined, () => this.inner.stat(object));
  }

  /** Counts when the first object is asked for. A listing that answers late gives nothing before. */
  async *list(options: StorageListOptions = {}): AsyncGenerator<ListedObject> {
    const listing = await this.#call(
      'list',
      [],
      options.signal,
      async () => this.inner.list(options),
      async (fault) => firstObjects(this.inner.list(options), fault),
    );
    yield* listing;
  }

  /** The wrapped storage's own, where it has one; no fault can be planned for it. */
  get url(): FileStorage['url'] {
    return this.inner.url?.bind(this.inner);
  }

  /** The wrapped storage's own, where it has one; no fault can be planned for it. */
  get presignWrite(): FileStorage['presignWrite'] {
    return this.inner.presignWrite?.bind(this.inner);
  }

  async delete(
    objects: readonly StorageDeletion[],
    options: StorageDeleteOptions = {},
  ): Promise<StorageDeleteOutcome[]> {
    const keys = objects.map(({ key }) => key);
    return this.#call(
      'delete',
      keys,
      options.signal,
      () => this.inner.delete(objects, options),
      (fault) => this.#deleteSome(objects, options, fault),
    );
  }

  async #call<Answer>(
    kind: StorageCallKind,
    keys: readonly string[],
    signal: AbortSignal | undefined,
    work: () => Promise<Answer>,
    special?: (fault: Fault) => Promise<Answer>,
    lose?: (answer: Answer) => void,
  ): Promise<Answer> {
    const fault = this.#next(kind, keys);
    if (fault === undefined) return work();
    const gate = this.#gate;
    switch (fault.type) {
      case 'hang':
        await gate.wait(signal);
        return work();
      case 'late': {
        const [answer] = await Promise.allSettled([work()]);
        await gate.wait();
        if (answer.status === 'rejected') throw answer.reason;
        return answer.value;
      }
      case 'fail': {
        if (fault.afterwards) {
          const answer = await work();
          lose?.(answer);
        }
        throw fault.error;
      }
      default:
        if (fault.type === 'halfway' && kind !== 'write') throw fault.error;
        if (fault.type === 'listing' && kind !== 'list') throw fault.error;
        if (special === undefined) throw new TypeError(`The plan has a fault that ${kind} cannot have.`);
        return special(fault);
    }
  }

  #next(kind: StorageCallKind, keys: readonly string[]): Fault | undefined {
    const number = ++this.#counts[kind];
    const numberOfAll = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    const call: StorageCall = { kind, number, numberOfAll, keys };
    const fault = scheduled(this.#plan[kind], call, number) ?? scheduled(this.#plan.any, call, numberOfAll);
    if (fault !== undefined) this.#struck++;
    return fault;
  }

  async #writeHalf(
    key: string,
    content: Readable,
    options: StorageWriteOptions,
    fault: Fault,
  ): Promise<StorageWriteResult> {
    if (fault.type !== 'halfway') throw new TypeError(`The plan has a fault that write cannot have.`);
    const half = Readable.from(firstBytes(content, fault.afterBytes, fault.keep ? undefined : fault.error), {
      objectMode: false,
    });
    try {
      await this.inner.write(key, half, options);
    } catch (error) {
      // A storage may wrap what its content failed with; what failed otherwise is none of the plan's doing.
      throw half.errored === fault.error ? fault.error : error;
    }
    throw fault.error;
  }

  async #deleteSome(
    objects: readonly StorageDeletion[],
    options: StorageDeleteOptions,
    fault: Fault,
  ): Promise<StorageDeleteOutcome[]> {
    if (fault.type !== 'keys') throw new TypeError(`The plan has a fault that delete cannot have.`);
    const kept = objects.map((object) => ({ object, how: fault.faultOf(object.key) }));
    const outcomes = await this.inner.delete(
      kept.filter(({ how }) => how === undefined).map(({ object }) => object),
      options,
    );
    const failed = kept
      .filter(({ how }) => how === 'permanent' || how === 'retryable')
      .map(({ object, how }) => ({
        key: object.key,
        error: { message: `A planned fault: ${how}.`, permanent: how === 'permanent' },
      }));
    return [...outcomes, ...failed];
  }
}

function scheduled(
  schedule: FaultSchedule | undefined,
  call: StorageCall,
  number: number,
): Fault | undefined {
  if (schedule === undefined) return undefined;
  if (typeof schedule === 'function') return schedule(call);
  if ('type' in schedule) return schedule as Fault;
  return schedule[number];
}

/**
 * The first bytes of a content, and then the error or the end. A `for await` that is left would close the content, which
 * then looked like the client's failure; it is closed when the write has rejected.
 */
async function* firstBytes(
  content: Readable,
  count: number,
  error: Error | undefined,
): AsyncGenerator<Uint8Array> {
  const chunks = (content as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  for (let left = count; left > 0;) {
    const next = await chunks.next();
    if (next.done === true) break;
    yield next.value.subarray(0, left);
    left -= Math.min(left, next.value.byteLength);
  }
  if (error !== undefined) throw error;
}

async function* firstObjects(
  listing: AsyncIterable<ListedObject>,
  fault: Fault,
): AsyncGenerator<ListedObject> {
  if (fault.type !== 'listing') throw new TypeError(`The plan has a fault that list cannot have.`);
  let left = fault.afterObjects;
  if (left === 0) throw fault.error;
  for await (const object of listing) {
    yield object;
    if (--left === 0) break;
  }
  throw fault.error;
}
