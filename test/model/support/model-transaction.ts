import { type Intent, nameOf, ownerOf, type Reference } from './facts.js';
import { type Model, Refused } from './model.js';

interface Changes {
  readonly added: Map<string, Reference>;
  readonly removed: Set<string>;
  readonly erased: Set<string>;
  readonly intents: Intent[];
}

type OwnerRecord = { readonly type: string; readonly id: string; readonly slot?: string };
type OwnerSlot = Omit<Reference, 'file'>;

const protection: OwnerSlot = { type: 'registry:protection', id: 'protected', slot: 'protected' };
const holdFor = (reason: string): OwnerSlot => ({ type: 'registry:hold', id: reason, slot: 'hold' });

/** What one transaction changed and nobody else sees yet. Its verbs answer as the library's, or throw `Refused`. */
export class ModelTransaction {
  /** Files and owners that it named or changed, also those of which it took everything back: it may hold locks on them. */
  readonly touched = new Set<string>();
  private readonly savepoints: Changes[] = [];
  private changes: Changes = { added: new Map(), removed: new Set(), erased: new Set(), intents: [] };

  constructor(private readonly model: Model) {}

  get erases(): boolean {
    return this.changes.erased.size > 0;
  }

  get depth(): number {
    return this.savepoints.length;
  }

  savepoint(): void {
    const { added, removed, erased, intents } = this.changes;
    this.savepoints.push(this.changes);
    this.changes = {
      added: new Map(added),
      removed: new Set(removed),
      erased: new Set(erased),
      intents: [...intents],
    };
  }

  releaseSavepoint(): void {
    this.savepoints.pop();
  }

  rollbackTo(): void {
    this.changes = this.savepoints.pop() ?? this.changes;
  }

  commit(): void {
    const { added, removed, erased, intents } = this.changes;
    for (const name of removed) this.model.references.delete(name);
    for (const [name, reference] of added) this.model.references.set(name, reference);
    for (const file of erased) this.model.files.delete(file);
    this.model.intents = [
      ...this.model.intents.filter((intent) => !erased.has(intent.file)),
      ...intents.map((intent) => ({ ...intent })),
    ];
  }

  attach(files: readonly string[], owner: OwnerSlot): { attached: number } {
    this.require(files);
    return { attached: this.add(files.map((file) => ({ file, ...owner }))) };
  }

  attachMany(pairs: readonly { file: string; owner: OwnerSlot }[]): { attached: number } {
    this.require(pairs.map(({ file }) => file));
    return { attached: this.add(pairs.map(({ file, owner }) => ({ file, ...owner }))) };
  }

  detach(files: readonly string[], owner: OwnerSlot): { detached: number } {
    this.touch(files, owner);
    return this.drop((reference) => files.includes(reference.file) && ownerOf(reference) === ownerOf(owner));
  }

  detachAll(owner: OwnerRecord): { detached: number } {
    this.touch([], owner);
    return this.drop(
      ({ type, id, slot }) =>
        type === owner.type && id === owner.id && (owner.slot === undefined || owner.slot === slot),
    );
  }

  replace(owner: OwnerSlot, files: readonly string[]): { attached: number; detached: number } {
    this.touch(files, owner);
    const { attached } = this.attach(files, owner);
    const { detached } = this.drop(
      (reference) => !files.includes(reference.file) && ownerOf(reference) === ownerOf(owner),
    );
    return { attached, detached };
  }

  protect(files: readonly string[]) {
    return this.attach(files, protection);
  }

  unprotect(files: readonly string[]) {
    return this.detach(files, protection);
  }

  hold(files: readonly string[], reason: string) {
    return this.attach(files, holdFor(reason));
  }

  release(files: readonly string[], reason: string | undefined): { detached: number } {
    this.touch(files, holdFor(''));
    return this.drop(
      ({ file, type, id }) =>
        files.includes(file) && type === 'registry:hold' && (reason === undefined || reason === id),
    );
  }

  restore(what: { readonly file: string } | OwnerRecord): { restored: number } {
    if ('file' in what) this.require([what.file]);
    const remembered = this.intents()
      .filter(({ file, owner }) => owner !== undefined && !owner.startsWith('registry:') && this.has(file))
      .map(({ file, owner = '' }) => {
        const [type = '', id = '', slot = ''] = owner.split(' ');
        return { file, type, id, slot };
      })
      .filter((reference) =>
        'file' in what
          ? reference.file === what.file
          : reference.type === what.type &&
            reference.id === what.id &&
            (what.slot === undefined || what.slot === reference.slot),
      )
      .filter(({ type, id }) => type !== 'file' || this.has(id))
      .toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    if (!('file' in what)) this.touch([], what);
    let restored = 0;
    for (const reference of remembered) {
      this.touch([reference.file], reference);
      if (reference.type === 'file') {
        if (this.closesCircle(reference) || this.slotTaken(reference)) continue;
      }
      restored += this.add([reference]);
    }
    return { restored };
  }

  /** A raw insert of what `storeRendition` will write. */
  holdRendition(file: string, original: string, slot: string): void {
    const reference = { file, type: 'file', id: original, slot };
    this.touch([file, original, ...this.ancestors(original)], reference);
    const there = this.has(file) && this.has(original);
    if (!there || this.closesCircle(reference) || this.slotTaken(reference)) throw new Refused('RULE_BROKEN');
    if (this.add([reference]) === 0) throw new Refused('RULE_BROKEN');
  }

  erase(files: readonly string[]): { erased: string[] } {
    const family = new Set(files);
    this.touch(files);
    for (const one of family) {
      for (const { type, id, file } of this.references()) if (type === 'file' && id === one) family.add(file);
    }
    this.touch([...family]);
    const held = this.references().some(({ file, type }) => family.has(file) && type === 'registry:hold');
    if (held) throw new Refused('FILE_HELD');

    const erased = [...family].filter((file) => this.has(file)).toSorted();
    this.drop(({ file }) => family.has(file));
    for (const file of erased) this.changes.erased.add(file);
    this.changes = {
      ...this.changes,
      intents: this.changes.intents.filter((intent) => !family.has(intent.file)),
    };
    return { erased };
  }

  /** A raw DELETE of references: of a file's, or of an owner's whatever its type. */
  deleteReferences(of: { readonly file: string } | { readonly ownerId: string }): { detached: number } {
    this.touch('file' in of ? [of.file] : [], 'file' in of ? undefined : { type: 'article', id: of.ownerId });
    return this.drop(({ file, id }) => ('file' in of ? file === of.file : id === of.ownerId));
  }

  private has(file: string): boolean {
    return this.model.files.has(file) && !this.changes.erased.has(file);
  }

  private references(): Reference[] {
    const { added, removed } = this.changes;
    return [
      ...[...this.model.references].filter(([name]) => !removed.has(name)).map(([, reference]) => reference),
      ...[...added].filter(([name]) => !this.model.references.has(name)).map(([, reference]) => reference),
    ].filter(({ file }) => this.has(file));
  }

  private intents(): Intent[] {
    return [...this.model.intents, ...this.changes.intents];
  }

  private require(files: readonly string[]): void {
    this.touch(files);
    if (!files.every((file) => this.has(file))) throw new Refused('FILE_CONDEMNED');
  }

  private add(references: readonly Reference[]): number {
    const present = new Set(this.references().map(nameOf));
    const missing = new Map(references.map((reference) => [nameOf(reference), reference]));
    for (const [name, reference] of missing) {
      this.touch([reference.file], reference);
      if (present.has(name)) {
        missing.delete(name);
        continue;
      }
      this.changes.removed.delete(name);
      this.changes.added.set(name, reference);
    }
    return missing.size;
  }

  private drop(goes: (reference: Reference) => boolean): { detached: number } {
    const going = this.references().filter(goes);
    for (const reference of going) {
      const name = nameOf(reference);
      this.touch([reference.file], reference);
      this.changes.added.delete(name);
      this.changes.removed.add(name);
      this.changes.intents.push({
        file: reference.file,
        reason: 'detached',
        owner: ownerOf(reference),
        age: 0,
        order: this.model.nextOrder(),
      });
    }
    return { detached: going.length };
  }

  private slotTaken({ file, id, slot }: Reference): boolean {
    return this.references().some(
      (other) => other.type === 'file' && other.id === id && other.slot === slot && other.file !== file,
    );
  }

  private closesCircle({ file, id }: Reference): boolean {
    return id === file || this.ancestors(id).includes(file);
  }

  private ancestors(file: string): string[] {
    const found = new Set([file]);
    for (const one of found) {
      for (const { type, id, file: held } of this.references())
        if (type === 'file' && held === one) found.add(id);
    }
    found.delete(file);
    return [...found];
  }

  private touch(files: readonly string[], owner?: OwnerRecord): void {
    for (const file of files) this.touched.add(file);
    if (owner === undefined) return;
    this.touched.add(owner.type === 'file' ? owner.id : `${owner.type} ${owner.id}`);
  }
}
