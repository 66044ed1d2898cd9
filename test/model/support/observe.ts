import { deepStrictEqual } from 'node:assert';
import { describeIntent, isDue, nameOf } from './facts.js';
import type { Model } from './model.js';
import type { ModelTransaction } from './model-transaction.js';
import type { Snapshot } from './snapshot.js';

/** What a pass was allowed to do, taken before it began. */
export interface Permission {
  readonly condemnable: ReadonlySet<string>;
  readonly referenced: ReadonlySet<string>;
}

export class Violation extends Error {}

export function permissionOf(model: Model): Permission {
  return {
    condemnable: model.condemnable(),
    referenced: new Set([...model.references.values()].map(({ file }) => file)),
  };
}

/**
 * Checks that what processors did was permitted, and follows them: which files they condemn depends on the locks of open
 * transactions. With `open`, everything due must be gone unless one of those may hold a lock on it.
 */
export function follow(
  model: Model,
  snapshot: Snapshot,
  { condemnable, referenced }: Permission,
  open?: readonly ModelTransaction[],
): void {
  for (const file of snapshot.files) {
    if (!model.files.has(file)) throw new Violation(`File ${file} is there, and should not be.`);
  }
  for (const file of model.files) {
    if (snapshot.files.has(file)) continue;
    if (!condemnable.has(file))
      throw new Violation(`File ${file} was condemned while it was held or not due.`);
    model.condemn(file);
  }
  followIntents(model, snapshot, referenced);
  expectSame(model, snapshot);

  if (open === undefined) return;
  for (const file of condemnable) {
    if (!model.files.has(file)) continue;
    // Its original went while an intent of its own was not dropped yet: its grace period begins again.
    const youngest = model.youngestIntent(file);
    if (youngest !== undefined && !isDue(youngest)) continue;
    const relatives = [...model.relatives(file)];
    if (open.some(({ touched }) => relatives.some((relative) => touched.has(relative)))) continue;
    throw new Violation(`File ${file} was due, nobody held it, and the processor left it.`);
  }
}

/** The database holds exactly what the model says. */
export function expectSame(model: Model, snapshot: Snapshot): void {
  const same = (what: string, actual: string[], expected: string[]) =>
    deepStrictEqual(actual.sort(), expected.sort(), new Violation(difference(what, actual, expected)));
  same('files', [...snapshot.files], [...model.files]);
  same('references', snapshot.references.map(nameOf), [...model.references.keys()]);
  same(
    'intents',
    snapshot.intents.map((intent) => describeIntent({ ...intent, order: 0 })),
    model.intents.map(describeIntent),
  );
}

function followIntents(model: Model, snapshot: Snapshot, referenced: ReadonlySet<string>): void {
  const seen = snapshot.intents.map((intent) => ({ ...intent, order: 0 }));
  model.intents = model.intents.filter((intent) => {
    const place = seen.findIndex((other) => describeIntent(other) === describeIntent(intent));
    if (place >= 0) return seen.splice(place, 1).length > 0;
    // What another processor held while the file was condemned is dropped by the next that finds the file gone.
    if (!model.files.has(intent.file)) return false;
    const heldNow = model.referencesOf(intent.file).length > 0;
    if (isDue(intent) && (heldNow || referenced.has(intent.file))) return false;
    throw new Violation(`The intent ${describeIntent(intent)} vanished.`);
  });
  for (const intent of seen) {
    const ofGoneFile = !model.files.has(intent.file);
    const ofGoneOriginal =
      (intent.owner ?? '').startsWith('file ') && !model.files.has(intent.owner?.split(' ')[1] ?? '');
    if (!ofGoneFile && !ofGoneOriginal) {
      throw new Violation(`The intent ${describeIntent(intent)} came from nowhere.`);
    }
    model.intents.push({ ...intent, order: model.nextOrder() });
  }
}

function difference(what: string, actual: string[], expected: string[]): string {
  const beyond = (one: string[], other: string[]) => one.filter((item) => !other.includes(item)).join('; ');
  return (
    `The ${what} differ. In the database only: ${beyond(actual, expected) || 'nothing'}. ` +
    `In the model only: ${beyond(expected, actual) || 'nothing'}. ${actual.length} and ${expected.length}.`
  );
}
