import { isDeepStrictEqual } from 'node:util';
import type { FileRegistry } from 'nestjs-file-registry';
import type { Verb } from './commands.js';
import { Refused } from './model.js';
import { ModelTransaction } from './model-transaction.js';
import { type Permission, Violation } from './observe.js';
import type { Scene, Session } from './scene.js';
import { perform, predict, refusalOf } from './verbs.js';

type Outcome = { readonly answer: unknown } | { readonly refusal: string };

/** The verbs of a program, in transactions on several sessions at once. */
export class Transactions {
  constructor(
    private readonly scene: Scene,
    private readonly files: FileRegistry,
  ) {}

  async begin(session: Session): Promise<void> {
    if (session.transaction !== undefined) return;
    await session.client.query('begin isolation level read committed');
    session.transaction = new ModelTransaction(this.scene.model);
  }

  async end(session: Session, how: 'commit' | 'rollback'): Promise<void> {
    if (session.transaction === undefined) return;
    await session.client.query(how);
    if (how === 'commit') session.transaction.commit();
    session.transaction = undefined;
    this.scene.world.count(how);
  }

  async savepoint({ client, transaction }: Session, how: 'set' | 'release' | 'rollback to'): Promise<void> {
    if (transaction === undefined) return;
    if (how === 'set' ? transaction.depth >= 2 : transaction.depth === 0) return;
    const level = how === 'set' ? transaction.depth : transaction.depth - 1;
    await client.query(`${how === 'set' ? '' : how} savepoint level_${level}`);
    if (how === 'set') return transaction.savepoint();
    if (how === 'release') return transaction.releaseSavepoint();
    // The savepoint itself stays, as it does in SQL.
    transaction.rollbackTo();
    transaction.savepoint();
    this.scene.world.count('rollback to savepoint');
  }

  /**
   * Performs it in the session's transaction, or in one of its own; a verb that has to wait for another session is taken back.
   * `racing` is what a pass of a processor may do at the same time.
   */
  async perform(session: Session, verb: Verb, racing?: Permission): Promise<void> {
    const own = session.transaction === undefined;
    if (own) await this.begin(session);
    const { client, transaction } = session;
    if (transaction === undefined) return;

    if (!own) await client.query('savepoint verb');
    transaction.savepoint();
    const expected = this.predicted(verb, transaction);
    const actual = await this.performed(verb, session);
    if ('refusal' in actual) {
      if (!own) await client.query('rollback to savepoint verb');
      transaction.rollbackTo();
    } else {
      transaction.releaseSavepoint();
    }
    if (!own) await client.query('release savepoint verb');
    this.compare(verb, expected, actual, session, racing);
    if (own) await this.end(session, 'refusal' in actual ? 'rollback' : 'commit');
  }

  private predicted(verb: Verb, transaction: ModelTransaction): Outcome {
    try {
      return { answer: predict(verb, transaction, this.scene.named) };
    } catch (error) {
      if (error instanceof Refused) return { refusal: error.refusal };
      throw error;
    }
  }

  private async performed(verb: Verb, { client }: Session): Promise<Outcome> {
    try {
      return { answer: await perform(verb, client, this.files.in(client), this.scene.named) };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return { refusal };
    }
  }

  private compare(
    verb: Verb,
    expected: Outcome,
    actual: Outcome,
    session: Session,
    racing?: Permission,
  ): void {
    this.scene.world.count('refusal' in actual ? `${verb.verb}, ${actual.refusal}` : verb.verb);
    if (isDeepStrictEqual(actual, expected)) return;
    if ('refusal' in actual) {
      const others = this.scene.openTransactions.filter((other) => other !== session.transaction);
      const touched = session.transaction?.touched ?? new Set<string>();
      const meets = others.some((other) => [...touched].some((name) => other.touched.has(name)));
      if (actual.refusal === 'BLOCKED' && (racing !== undefined || meets)) return;
      const condemnedMeanwhile = [...touched].some((name) => racing?.condemnable.has(name));
      if (actual.refusal === 'FILE_CONDEMNED' && condemnedMeanwhile) return;
    }
    throw new Violation(
      `${JSON.stringify(verb)} came out as ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}.`,
    );
  }
}
