import { type Intent, isDue, nameOf, type Reference } from './facts.js';

/** What is committed: sets of files, references and intents. The whole of what the registry promises follows from them. */
export class Model {
  readonly files = new Set<string>();
  readonly references = new Map<string, Reference>();
  intents: Intent[] = [];
  private orders = 0;

  nextOrder(): number {
    return ++this.orders;
  }

  /** A file begins, by an upload or an adoption. */
  begin(file: string): void {
    this.files.add(file);
    this.intents.push({ file, reason: 'stored', owner: undefined, age: 0, order: this.nextOrder() });
  }

  passTime(steps: number): void {
    for (const intent of this.intents) intent.age += steps;
  }

  referencesOf(file: string): Reference[] {
    return [...this.references.values()].filter((reference) => reference.file === file);
  }

  youngestIntent(file: string): Intent | undefined {
    return this.intents
      .filter((intent) => intent.file === file)
      .toSorted((one, other) => one.age - other.age || other.order - one.order)[0];
  }

  /**
   * The files that a processor may condemn now: no reference and the youngest intent due, or held by such originals alone and not
   * within a grace period.
   */
  condemnable(): Set<string> {
    return this.unheld(
      (file) => {
        const youngest = this.youngestIntent(file);
        return youngest !== undefined && isDue(youngest);
      },
      (file) =>
        this.intents.every((intent) => intent.file !== file || intent.reason !== 'detached' || isDue(intent)),
    );
  }

  /** The files that nobody holds, however long it takes. */
  doomed(): Set<string> {
    return this.unheld(
      () => true,
      () => true,
    );
  }

  /** A file and everything that hangs together with it as original and rendition, whoever sees it. */
  relatives(file: string): Set<string> {
    const related = new Set([file]);
    for (const one of related) {
      for (const { type, id, file: held } of this.references.values()) {
        if (type !== 'file') continue;
        if (id === one) related.add(held);
        if (held === one) related.add(id);
      }
    }
    return related;
  }

  /** A processor condemned it: what it held goes, and is noted. */
  condemn(file: string): void {
    this.files.delete(file);
    this.intents = this.intents.filter((intent) => intent.file !== file);
    for (const [name, reference] of this.references) {
      if (reference.type === 'file' && reference.id === file) this.references.delete(name);
    }
  }

  private unheld(
    unreferencedGoes: (file: string) => boolean,
    goesWithOriginal: (file: string) => boolean,
  ): Set<string> {
    const going = new Set<string>();
    for (let before = -1; before < going.size;) {
      before = going.size;
      for (const file of this.files) {
        const held = this.referencesOf(file);
        const goes =
          held.length === 0
            ? unreferencedGoes(file)
            : held.every(({ type, id }) => type === 'file' && going.has(id)) && goesWithOriginal(file);
        if (goes) going.add(file);
      }
    }
    return going;
  }
}

/** Why a verb is refused: the library's code, or what PostgreSQL calls a broken rule. */
export type Refusal = 'FILE_CONDEMNED' | 'FILE_HELD' | 'RULE_BROKEN';

export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal);
  }
}

export { nameOf };
