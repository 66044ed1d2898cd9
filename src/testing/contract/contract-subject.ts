import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type {
  FileStorage,
  StorageDeleteOptions,
  StorageDeleteOutcome,
  StorageDeletion,
  StorageListOptions,
  StorageObject,
  StorageReadOptions,
  StorageWriteResult,
} from '../../storage/storage.js';
import { broken, codeOf, demand, shown } from './broken.js';
import { bytesOf, collect, demandSame, type HeldContent, streamOf } from './content.js';

export interface ContractSubjectOptions {
  readonly storage: FileStorage;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly list: (() => Promise<readonly string[]>) | undefined;
}

export interface WriteExtras {
  readonly signal?: AbortSignal;
}

/**
 * The storage under test within one case. Every call of it is checked for its form and bounded in time, and every failure
 * says which call it was, so that the cases are left with what they are about.
 */
export class ContractSubject {
  readonly storage: FileStorage;
  readonly folder = randomUUID();
  readonly #options: ContractSubjectOptions;
  /** Everything that may have been written, to be removed in the end. */
  readonly #touched = new Map<string, string | undefined>();
  #before: ReadonlySet<string> = new Set();
  #hung = false;

  constructor(options: ContractSubjectOptions) {
    this.storage = options.storage;
    this.#options = options;
  }

  /** Notes what lies there already, which is none of this case's doing. */
  async begin(): Promise<void> {
    this.#before = new Set(await this.#options.list?.());
  }

  /** Removes what the case wrote, as far as the storage can. One that hung would only hang again, and hide that it did. */
  async end(): Promise<void> {
    if (this.#hung) return;
    const objects = [...this.#touched].map(([key, versionId]) => ({ key, versionId, abandoned: true }));
    if (objects.length === 0) return;
    await this.within('The clean-up', () => this.storage.delete(objects)).catch(() => undefined);
  }

  /** A key that nobody else uses. */
  key(name: string): string {
    return this.touch(`${this.#options.prefix}${this.folder}/${name}`);
  }

  touch(key: string): string {
    this.#touched.set(key, undefined);
    return key;
  }

  /** Writes bytes and checks the answer. */
  async write(
    key: string,
    bytes = bytesOf(100),
    chunkSizes?: readonly number[],
  ): Promise<StorageWriteResult> {
    const content = streamOf(bytes, chunkSizes);
    const what = `write(${quoted(key)}) of ${bytes.length} bytes`;
    const written = await this.succeeds(what, () => this.startWrite(key, content));
    demand(
      typeof written === 'object' && written !== null,
      () => `${what} resolved with ${String(written)}, not {}.`,
    );
    demand(content.readableEnded, () => `${what} resolved before it had read the content to its end.`);
    const { versionId } = written;
    demand(
      versionId === undefined ||
        (typeof versionId === 'string' && versionId !== '' && versionId.length <= 1024),
      () =>
        `${what} resolved with the version id ${String(versionId)}; leave it out, or give 1 to 1024 characters.`,
    );
    this.#touched.set(key, versionId);
    return written;
  }

  /** Unchecked: for writes that are to fail, or to be looked at while they are under way. */
  async startWrite(key: string, content: Readable, extras: WriteExtras = {}): Promise<StorageWriteResult> {
    return this.storage.write(key, content, { contentType: 'application/octet-stream', ...extras });
  }

  /** Waits until a write took the first half of its content. */
  async untilHalfway(what: string, writing: Promise<unknown>, content: HeldContent): Promise<void> {
    const early = writing.then(
      () => {
        throw broken(`${what} resolved before it had read the content to its end.`);
      },
      (error: unknown) => {
        throw broken(`${what} rejected half-way with ${shown(error)}`, error);
      },
    );
    await this.within(what, () => Promise.race([content.halfway, early]));
  }

  /** Reads to the end, by version where one is given. */
  async read(
    key: string,
    options: StorageReadOptions & { versionId?: string | undefined } = {},
  ): Promise<Buffer> {
    const { versionId, ...range } = options;
    const what = `read(${quoted(key)}${rangeText(range)})`;
    return this.succeeds(what, async () => collect(await this.#open(what, { key, versionId }, range), what));
  }

  /** Opens an object and goes away at once, as a client does that hangs up. */
  async openAndLeave(key: string): Promise<void> {
    const what = `read(${quoted(key)})`;
    const stream = await this.succeeds(what, () => this.#open(what, { key }, {}));
    stream.on('error', () => undefined).destroy();
  }

  /** The keys of a listing below this case's folder, without that folder; checks the form of each. */
  async listed(options: StorageListOptions = {}): Promise<string[]> {
    const root = this.key('');
    const after = options.after === undefined ? undefined : root + options.after;
    const what = `list(${JSON.stringify(options)})`;
    return this.succeeds(what, async () => {
      const keys: string[] = [];
      for await (const object of this.storage.list({
        ...options,
        after,
        prefix: root + (options.prefix ?? ''),
      })) {
        const { key, sizeBytes, ageMs } = object;
        demand(
          typeof key === 'string' && key.startsWith(root),
          () => `${what} gave ${quoted(String(key))}, which does not begin with the prefix.`,
        );
        demandSizeAndAge(sizeBytes, ageMs, `${what} of ${quoted(key)}`);
        keys.push(key.slice(root.length));
      }
      return keys;
    });
  }

  async demandBytes(key: string, bytes: Buffer): Promise<void> {
    demandSame(await this.read(key), bytes, `read(${quoted(key)})`);
  }

  /** Demands that nothing is visible under a key. `when` follows 'read(…)'. */
  async demandMissing(key: string, when: string, versionId?: string): Promise<void> {
    const what = `read(${quoted(key)}) ${when}`;
    const error = await this.rejects(what, async () => {
      const stream = await this.storage.read({ key, versionId });
      stream.on('error', () => undefined).destroy();
    });
    demand(
      codeOf(error) === 'BYTES_MISSING',
      () => `${what} must reject with BytesMissingError; it rejected with ${shown(error)}`,
    );
  }

  /** Deletes, and checks that there is one well-formed outcome for each key and none else. */
  async delete(
    objects: readonly (string | StorageDeletion)[],
    options?: StorageDeleteOptions,
  ): Promise<Map<string, StorageDeleteOutcome['error']>> {
    const deletions = objects.map((object) =>
      typeof object === 'string' ? { key: object, abandoned: false } : object,
    );
    const what = `delete of ${deletions.length} key(s)`;
    const outcomes = await this.succeeds(what, () => this.storage.delete(deletions, options));
    demand(
      Array.isArray(outcomes),
      () => `${what} resolved with ${String(outcomes)}, not with a list of outcomes.`,
    );

    const byKey = new Map<string, StorageDeleteOutcome['error']>();
    const asked = new Set(deletions.map(({ key }) => key));
    for (const { key, error } of outcomes) {
      demand(asked.has(key), () => `${what} answered for ${quoted(key)}, which was not asked for.`);
      demand(!byKey.has(key), () => `${what} answered twice for ${quoted(key)}.`);
      demand(
        error === undefined || (typeof error.message === 'string' && typeof error.permanent === 'boolean'),
        () => `${what} gave ${quoted(key)} an error without a message or without \`permanent\`.`,
      );
      byKey.set(key, error);
    }
    const silent = [...asked].filter((key) => !byKey.has(key));
    demand(
      silent.length === 0,
      () => `${what} left ${silent.length} without an outcome, e.g. ${quoted(silent[0] ?? '')}.`,
    );
    return byKey;
  }

  /** The same, and every outcome must be a success. */
  async deleteAll(objects: readonly (string | StorageDeletion)[], when = ''): Promise<void> {
    for (const [key, error] of await this.delete(objects)) {
      demand(error === undefined, () => `delete${when} failed for ${quoted(key)}: ${error?.message}`);
    }
  }

  /** Where the contract can list the storage: demands that this case left nothing, not even a temporary object. */
  async demandNothingLeft(when: string): Promise<void> {
    const left = [...((await this.#options.list?.()) ?? [])].filter((entry) => !this.#before.has(entry));
    demand(left.length === 0, () => `${when} left ${left.map(quoted).join(', ')} in the storage.`);
  }

  /** The answer of a call that has to succeed. */
  async succeeds<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    const answer = await this.within(what, () => settled(call));
    if ('value' in answer) return answer.value;
    if (codeOf(answer.error) === 'ERR_ASSERTION') throw answer.error;
    throw broken(`${what} rejected with ${shown(answer.error)}`, answer.error);
  }

  /** The error of a call that has to fail. */
  async rejects(what: string, call: () => Promise<unknown>): Promise<unknown> {
    const answer = await this.within(what, () => settled(call));
    if ('error' in answer) return answer.error;
    throw broken(`${what} resolved; it must reject.`);
  }

  async #open(what: string, object: StorageObject, options: StorageReadOptions): Promise<Readable> {
    const stream = await this.storage.read(object, options);
    demand(stream instanceof Readable, () => `${what} resolved with ${String(stream)}, not with a Readable.`);
    return stream;
  }

  async within<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    const { timeoutMs } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#hung = true;
      reject(broken(`${what} gave no answer within ${timeoutMs} ms.`));
    }, timeoutMs);
    try {
      return await Promise.race([call(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** An age is measured, so it is only told from nonsense: an hour is more than any case lasts. */
export function demandSizeAndAge(sizeBytes: unknown, ageMs: unknown, what: string): void {
  demand(
    Number.isSafeInteger(sizeBytes) && (sizeBytes as number) >= 0,
    () => `${what} gave sizeBytes ${String(sizeBytes)}; a whole number from 0 was due.`,
  );
  demand(
    typeof ageMs === 'number' && ageMs >= 0 && ageMs < 3_600_000,
    () =>
      `${what} gave ageMs ${String(ageMs)} for what was just written; the milliseconds since then were due, by the storage's clock.`,
  );
}

type Answer<Result> = { readonly value: Result } | { readonly error: unknown };

/** What a call throws instead of returning a promise counts as a rejection. */
async function settled<Result>(call: () => Promise<Result>): Promise<Answer<Result>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error };
  }
}

/** A key on one line, and not the whole of a long one. */
export function quoted(key: string): string {
  return JSON.stringify(key.length > 120 ? `${key.slice(0, 60)}…${key.slice(-40)}` : key);
}

function rangeText({ start, end }: StorageReadOptions): string {
  if (start === undefined && end === undefined) return '';
  return `, { start: ${start}, end: ${end} }`;
}
