import type { AnyKysely } from './any-kysely.js';
import { type Argument, call } from './call.js';
import { databaseError } from './database-error.js';
import { kyselyExecutor } from './kysely-executor.js';
import type { Executor } from './executor.js';
import { answerTimeoutMs, inAnswerTime } from './in-answer-time.js';
import { sqlStateOf } from './sql-state.js';

/** feature_not_supported, from the schema's functions, and serialization_failure. */
const stricterIsolation = ['0A000', '40001'];

/** The registry's own way to its schema, beside the transactions of the application. */
export class RegistryDatabase {
  readonly executor: Executor;

  constructor(
    readonly kysely: AnyKysely,
    readonly schema: string,
    private readonly timeoutMs = answerTimeoutMs,
  ) {
    this.executor = kyselyExecutor(kysely);
  }

  /**
   * Calls a function of the schema in a transaction of its own, which is one round trip. Where the default isolation is stricter
   * than READ COMMITTED, what needs fresh snapshots is refused and what met a concurrent change fails; both changed nothing and
   * are asked again as a step.
   */
  async call<Result>(name: string, args: readonly Argument[]): Promise<Result> {
    try {
      return await call<Result>(this.executor, this.schema, name, args);
    } catch (error) {
      if (stricterIsolation.includes(sqlStateOf(error) ?? '')) {
        return this.step<Result>(name, args);
      }
      throw error;
    }
  }

  /**
   * Calls a step of the processor at READ COMMITTED, whatever the server's or the role's default is: its statements must each
   * see what was committed before them. Ends when no answer comes.
   */
  async step<Result>(name: string, args: readonly Argument[]): Promise<Result> {
    const step = this.kysely
      .transaction()
      .setIsolationLevel('read committed')
      .execute((transaction) => call<Result>(kyselyExecutor(transaction), this.schema, name, args));
    try {
      return await inAnswerTime(name, step, this.timeoutMs);
    } catch (error) {
      throw databaseError(error, name);
    }
  }
}
