import type { RegistryDatabase } from '../database/registry-database.js';
import { retrying, type RetryOptions } from './retrying.js';

/** What a row says of a file. */
export interface RegisteredFile {
  readonly id: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly size: number;
  /** SHA-256 in hexadecimal; null where it was adopted unread, or not asked for. */
  readonly checksum: string | null;
}

/** As `files_by_key` answers it: one list for each column. */
interface Page {
  readonly ids: readonly string[];
  readonly keys: readonly string[];
  readonly versionIds: readonly (string | null)[];
  readonly sizes: readonly number[];
  readonly checksums: readonly (string | null)[];
}

export interface RowCursorOptions extends RetryOptions {
  readonly storage: string;
  readonly after: string | undefined;
  readonly prefix: string;
  readonly pageSize: number;
  readonly verify: 'none' | 'size' | 'checksum';
}

/** Walks through a storage's files in the order of their keys' bytes, a page at a time. */
export class RowCursor {
  private page: Page = { ids: [], keys: [], versionIds: [], sizes: [], checksums: [] };
  private index = 0;
  private complete = false;
  private lastKey: string;

  constructor(
    private readonly database: RegistryDatabase,
    private readonly options: RowCursorOptions,
  ) {
    this.lastKey = options.after ?? '';
  }

  /** The key the cursor stands at; undefined where `load` has to be called, and behind the last one. */
  get key(): string | undefined {
    return this.page.keys[this.index];
  }

  /** The file the cursor stands at; the cursor goes on to the next. */
  take(key: string): RegisteredFile {
    const [{ ids, versionIds, sizes, checksums }, index] = [this.page, this.index++];
    return {
      id: ids[index] ?? '',
      key,
      versionId: versionIds[index] ?? null,
      size: sizes[index] ?? 0,
      checksum: checksums[index] ?? null,
    };
  }

  /** The same key, of the next page where that is needed; undefined only behind the last file. */
  async load(): Promise<string | undefined> {
    if (this.key !== undefined || this.complete) return this.key;
    const { storage, prefix, pageSize, verify } = this.options;
    const page = await retrying(this.options, () =>
      this.database.call<Page>('files_by_key', [
        ['text', storage],
        ['text', this.lastKey],
        ['text', prefix],
        ['integer', pageSize],
        ['boolean', String(verify === 'checksum')],
      ]),
    );
    const outside = page.keys.findIndex((key) => !key.startsWith(prefix));
    const keys = outside === -1 ? page.keys : page.keys.slice(0, outside);
    this.complete = keys.length < pageSize;
    this.lastKey = keys.at(-1) ?? this.lastKey;
    [this.page, this.index] = [{ ...page, keys }, 0];
    return this.key;
  }
}
