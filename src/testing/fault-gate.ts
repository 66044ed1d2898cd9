import { EventEmitter, once } from 'node:events';

/** Where calls wait until somebody lets them go on. */
export class FaultGate {
  readonly #events = new EventEmitter();
  readonly #waiting = new Set<() => void>();
  #open = false;

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves at the next release, or when the signal fires. */
  async wait(signal?: AbortSignal): Promise<void> {
    if (this.#open || signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const goOn = () => resolve();
    this.#waiting.add(goOn);
    signal?.addEventListener('abort', goOn);
    this.#events.emit('waiting');
    try {
      await promise;
    } finally {
      this.#waiting.delete(goOn);
      signal?.removeEventListener('abort', goOn);
    }
  }

  async untilWaiting(count: number): Promise<void> {
    while (this.#waiting.size < count) await once(this.#events, 'waiting');
  }

  release(): void {
    for (const goOn of this.#waiting) goOn();
    this.#waiting.clear();
  }

  /** Releases also those that are still to come. */
  open(): void {
    this.#open = true;
    this.release();
  }
}
