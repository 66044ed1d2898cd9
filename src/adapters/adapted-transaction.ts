import type { Executor } from '../database/executor.js';

/** The transaction of another library, made by one of the adapters for `files.in()`. It holds nothing open. */
export class AdaptedTransaction {
  /** @internal */
  constructor(readonly executor: Executor) {}
}
