import { AsyncLocalStorage } from 'node:async_hooks';
import type { AmbientTransactionHost } from 'nestjs-file-registry';

/** A host as an application would write it by hand. Like other hosts it answers with a fallback outside of transactions. */
export class TransactionScope<Tx> implements AmbientTransactionHost {
  fallback: unknown;
  private readonly storage = new AsyncLocalStorage<Tx>();

  get tx(): unknown {
    return this.isTransactionActive() ? this.storage.getStore() : this.fallback;
  }

  isTransactionActive(): boolean {
    return this.storage.getStore() !== undefined;
  }

  run<Result>(tx: Tx, work: () => Promise<Result>): Promise<Result> {
    return this.storage.run(tx, work);
  }

  exit<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.storage.exit(work);
  }
}
