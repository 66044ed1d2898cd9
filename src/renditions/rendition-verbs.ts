import type { OnApplicationShutdown } from '@nestjs/common';
import type { RegistryDatabase } from '../database/registry-database.js';
import { invalidOption } from '../options/invalid-option.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { refuseInsideTransaction } from '../registry/ambient-transaction.js';
import { AmbientVerbs } from '../registry/ambient-verbs.js';
import type { FileContent } from '../registry/content.js';
import { type FileArgument, toFileId, toFileIds } from '../registry/file-argument.js';
import { checkSignal } from '../registry/plan-upload.js';
import type { StoreOptions } from '../registry/store-options.js';
import type { Rendition } from './rendition.js';
import type { RenditionSelector } from './rendition-selector.js';
import { type RenditionSpecArgument, toRenditionSpec } from './rendition-spec.js';
import { Renditions } from './renditions.js';
import { storeRendition } from './store-rendition.js';
import type { WarmOptions, WarmReport } from './warm-report.js';
import { Warming } from './warming.js';

/** What `rendition` takes beside what it is asked for. */
export interface GetRenditionOptions {
  /** Ends the waiting of this call; the rendition is made all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** The verbs of renditions, on connections of the registry's own. */
export abstract class RenditionVerbs extends AmbientVerbs implements OnApplicationShutdown {
  private readonly renditionsOf: Renditions;

  constructor(
    private readonly renditionOptions: ResolvedOptions,
    private readonly renditionDatabase: RegistryDatabase,
  ) {
    super();
    this.renditionsOf = new Renditions(renditionOptions, renditionDatabase);
  }

  /**
   * Stores content as the original's rendition. One of the same spec that is there loses its place and goes after its grace period,
   * unless something else holds it. The rendition goes with its original in the same way. Its file name is the original's and its
   * storage the option `renditions.storage` or the original's, unless they are given. Not inside a transaction, as with `store`.
   *
   * ```ts
   * const cropped = await files.storeRendition(photo, { size: 'crop-400x400' }, bytes, { contentType: 'image/webp' });
   * ```
   *
   * @throws InvalidRenditionSpecError, FileNotFoundError, FileCondemnedError, RenditionLimitError, FileBusyError while a transaction
   *   holds the original, and what `store` throws. Nothing was stored then.
   */
  async storeRendition(
    original: FileArgument,
    spec: RenditionSpecArgument,
    content: FileContent,
    options: StoreOptions = {},
  ): Promise<Rendition> {
    return storeRendition(original, spec, content, options, this.renditionOptions, this.renditionDatabase);
  }

  /**
   * The original's rendition: the one that is there, in one statement, or a new one of the option `renditions.maker`. Of all who ask
   * for the same one, in all processes, one makes it and the others wait. A maker that dies is replaced when its lease ends; a
   * failure is told to all who ask for `failureTtlMs`, then it is tried again. Not inside a transaction, as with `store`.
   *
   * ```ts
   * const small = await files.rendition(photo, { size: 'thumbnail-200x200' });
   * ```
   *
   * @throws InvalidRenditionSpecError, FileNotFoundError, FileCondemnedError, InvalidOptionError where it is not there and no maker
   *   is set, RenditionFailedError, RenditionLimitError, RenditionBusyError, FileBusyError, TransactionActiveError,
   *   DatabaseUnavailableError; the signal's reason where that fires.
   */
  async rendition(
    original: FileArgument,
    spec: RenditionSpecArgument,
    options: GetRenditionOptions = {},
  ): Promise<Rendition> {
    refuseInsideTransaction('rendition', this.renditionOptions.transaction);
    refuseUnknownOptions(options, { signal: true });
    const { rendition } = await this.renditionsOf.get(
      toFileId(original),
      toRenditionSpec(spec),
      checkSignal(options.signal),
    );
    return rendition;
  }

  /** The original's renditions that are there, by the text of their specs; all, or those that are selected. Makes nothing. */
  async renditions(original: FileArgument, selector?: RenditionSelector): Promise<Rendition[]>;
  /** The same for many originals in one round trip: one list for each, in the order asked for. At most 10,000. */
  async renditions(originals: readonly FileArgument[], selector?: RenditionSelector): Promise<Rendition[][]>;
  async renditions(
    originals: FileArgument | readonly FileArgument[],
    selector: RenditionSelector = 'all',
  ): Promise<Rendition[] | Rendition[][]> {
    const lists = await this.renditionsOf.list(toFileIds(originals), selector);
    return Array.isArray(originals) ? lists : (lists[0] ?? []);
  }

  /**
   * Has the renditions made that originals lack of a set of the option `renditions.sets`. What fails is reported and holds nothing
   * up. Idempotent, so one that broke off is simply run again. Not inside a transaction, as with `store`.
   *
   * ```ts
   * const report = await files.warm('gallery', photos, { onProgress: ({ originals }) => console.log(originals) });
   * ```
   *
   * @throws InvalidOptionError, TransactionActiveError, and whatever the originals or `onProgress` throw. What was made stays.
   */
  async warm(
    set: string,
    originals: Iterable<FileArgument> | AsyncIterable<FileArgument>,
    options: WarmOptions = {},
  ): Promise<WarmReport> {
    refuseInsideTransaction('warm', this.renditionOptions.transaction);
    const { sets } = this.renditionOptions.renditions;
    const specs = sets.get(set);
    if (specs === undefined) {
      const names = [...sets.keys()].join(', ') || 'none';
      throw invalidOption('set', `renditions.sets has no set of that name; there are ${names}`, set);
    }
    if (
      typeof originals !== 'object' ||
      originals === null ||
      !(Symbol.iterator in originals || Symbol.asyncIterator in originals)
    ) {
      throw invalidOption('originals', 'expected files to iterate over', originals);
    }
    return new Warming(specs, this.renditionsOf, options).run(originals);
  }

  /** Nest calls it: stops the making of renditions, after the application has stopped to serve. */
  async onApplicationShutdown(): Promise<void> {
    await this.renditionsOf.stop();
  }
}
