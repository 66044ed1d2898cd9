import { RenditionBusyError } from '../../errors/rendition-busy-error.js';
import { orAborted } from '../../registry/or-aborted.js';

/**
 * Lets so many works run at a time and so many wait. A place is given back when the work has ended, not when its caller has
 * given up: what libvips has begun goes on and needs its memory until then.
 */
export class WorkLimit {
  readonly #concurrency: number;
  readonly #queueMax: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(concurrency: number, queueMax: number) {
    this.#concurrency = concurrency;
    this.#queueMax = queueMax;
  }

  /** @throws RenditionBusyError when the queue is full; the signal's reason when it fires, waiting or running */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    await this.#takePlace(signal);
    return orAborted(
      work().finally(() => {
        this.#givePlace();
      }),
      signal,
    );
  }

  async #takePlace(signal: AbortSignal): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.size >= this.#queueMax) {
      throw new RenditionBusyError(
        `${this.#running} renditions are being made and ${this.#waiting.size} wait, which is all that queueMax of sharpMaker allows. Try again later, or raise it.`,
        { context: { running: this.#running, waiting: this.#waiting.size } },
      );
    }
    const { promise: turn, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await orAborted(turn, signal);
    } catch (error) {
      // Not waiting any more: the place was handed over in the same moment, and somebody else can have it.
      if (!this.#waiting.delete(resolve)) this.#givePlace();
      throw error;
    }
  }

  /** To the one that has waited longest, so that the number of the running never falls in between. */
  #givePlace(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
