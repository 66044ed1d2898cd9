import { setTimeout as pause } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { uuidArray } from '../database/call.js';
import type { RegistryDatabase } from '../database/registry-database.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import type { RenditionBusyError } from '../errors/rendition-busy-error.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { missingFileError, type MissingFiles } from '../registry/missing-file-error.js';
import { orAborted } from '../registry/or-aborted.js';
import { type StoredFileJson, toStoredFile } from '../registry/stored-file.js';
import { checkSpec } from './check-spec.js';
import { type Rendition, toRendition } from './rendition.js';
import {
  messageOf,
  renditionBusy,
  type RenditionFailure,
  renditionFailed,
  renditionLimit,
  type RenditionName,
} from './rendition-errors.js';
import { RenditionMaking } from './rendition-making.js';
import type { RenditionMaker } from './rendition-maker.js';
import { type RenditionSelector, selectorArguments } from './rendition-selector.js';
import { formatRenditionSpec, type RenditionSpec } from './rendition-spec.js';

/** Pauses between two looks at what another process makes; they double. */
const pauseMinMs = 25;
const pauseMaxMs = 250;

/** Renditions that one process waits for at a time; each may have any number of callers. */
const flightsMax = 10_000;

/** What `begin_rendition` answers. */
type BeginAnswer =
  | { readonly rendition: StoredFileJson }
  | { readonly absent: true }
  | { readonly leased: true; readonly original: StoredFileJson }
  | { readonly busy: true }
  | { readonly failed: RenditionFailure }
  | { readonly limit: 'depth' | 'count' }
  | MissingFiles;

export interface GotRendition {
  readonly rendition: Rendition;
  /** Whether it was made for this call, or for one that shares it. */
  readonly made: boolean;
}

/** Gets renditions and has them made: callers in one process share one asking, processes agree by leases. */
export class Renditions {
  private readonly flights = new Map<string, Promise<GotRendition>>();
  private readonly shutdown = new AbortController();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly database: RegistryDatabase,
  ) {}

  async list(originalIds: readonly string[], selector: RenditionSelector): Promise<Rendition[][]> {
    const rows = await this.database.call<{ original: number; spec: string; file: StoredFileJson }[]>(
      'renditions_of',
      [uuidArray(originalIds), ...selectorArguments(selector)],
    );
    const lists: Rendition[][] = originalIds.map(() => []);
    for (const { original, spec, file } of rows) {
      lists[original]?.push(toRendition(file, spec));
    }
    return lists;
  }

  /** The signal ends the waiting of this caller alone. */
  async get(originalId: string, spec: RenditionSpec, signal?: AbortSignal): Promise<GotRendition> {
    signal?.throwIfAborted();
    const slot = formatRenditionSpec(spec);
    const key = `${originalId} ${slot}`;
    let flight = this.flights.get(key);
    if (flight === undefined) {
      if (this.flights.size >= flightsMax) {
        throw renditionBusy({ originalId, slot }, `${flightsMax} others are being waited for`);
      }
      flight = this.getOrMake({ originalId, slot }, spec).finally(() => this.flights.delete(key));
      this.flights.set(key, flight);
    }
    return orAborted(flight, signal);
  }

  /** Tells running makers to stop and waits until their leases are released. */
  async stop(): Promise<void> {
    this.shutdown.abort(new Error('the application shuts down'));
    const timeout = new AbortController();
    await Promise.race([
      Promise.allSettled(this.flights.values()),
      pause(this.options.processor.shutdownTimeoutMs, undefined, { signal: timeout.signal }).catch(
        () => undefined,
      ),
    ]);
    timeout.abort();
  }

  private async getOrMake(name: RenditionName, spec: RenditionSpec): Promise<GotRendition> {
    const { waitTimeoutMs } = this.options.renditions;
    const deadline = performance.now() + waitTimeoutMs;
    // What is there is served whatever the maker says, so its refusal is kept until nothing is found.
    const maker = this.makerOf(spec);
    for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
      const got = await this.tryToGet(name, spec, this.shutdown.signal.aborted ? shutDown(name) : maker);
      if (got !== null) {
        return got;
      }
      if (performance.now() >= deadline) {
        throw renditionBusy(name, `another call makes it and was not done within ${waitTimeoutMs} ms`);
      }
      const jittered = pauseMs * (0.5 + Math.random() / 2);
      await pause(jittered, undefined, { signal: this.shutdown.signal }).catch(() => undefined);
    }
  }

  /** Null while another makes it. */
  private async tryToGet(
    name: RenditionName,
    spec: RenditionSpec,
    maker: RenditionMaker | Error,
  ): Promise<GotRendition | null> {
    const token = uuidv7();
    const answer = await this.database.call<BeginAnswer>('begin_rendition', [
      ['uuid', name.originalId],
      ['text', name.slot],
      ['uuid', maker instanceof Error ? null : token],
      ['bigint', this.options.renditions.leaseMs],
    ]);
    if ('rendition' in answer) {
      return { rendition: toRendition(answer.rendition, spec), made: false };
    }
    if ('missing' in answer) {
      throw missingFileError(answer);
    }
    if ('failed' in answer) {
      throw renditionFailed(name, answer.failed);
    }
    if ('limit' in answer) {
      throw renditionLimit(name, answer.limit);
    }
    if (maker instanceof Error) {
      throw maker;
    }
    if ('busy' in answer || 'absent' in answer) {
      return null;
    }
    const assignment = { ...name, original: toStoredFile(answer.original), spec, maker, token };
    const made = await new RenditionMaking(
      assignment,
      this.options,
      this.database,
      this.shutdown.signal,
    ).run();
    return made && { rendition: toRendition(made.file, spec), made: !made.existing };
  }

  private makerOf(spec: RenditionSpec): RenditionMaker | Error {
    const { maker } = this.options.renditions;
    if (maker === undefined) {
      return new InvalidOptionError(
        `renditions.maker: expected a maker, because rendition ${formatRenditionSpec(spec)} is not there yet and nothing makes it. Set the option, or call storeRendition() first.`,
        { context: { option: 'renditions.maker' } },
      );
    }
    try {
      checkSpec(maker, spec);
      return maker;
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }
}

function shutDown(name: RenditionName): RenditionBusyError {
  return renditionBusy(name, 'the application shuts down');
}
