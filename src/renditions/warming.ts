import { FileRegistryError } from '../errors/file-registry-error.js';
import { invalidOption } from '../options/invalid-option.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';
import { type FileArgument, toFileId } from '../registry/file-argument.js';
import { checkSignal } from '../registry/plan-upload.js';
import { messageOf } from './rendition-errors.js';
import type { Renditions } from './renditions.js';
import { formatRenditionSpec, type RenditionSpec } from './rendition-spec.js';
import { untilAborted } from './until-aborted.js';
import type { WarmFailure, WarmOptions, WarmReport } from './warm-report.js';

const concurrencyDefault = 4;
const concurrencyLimits = [1, 100] as const;
const failuresMax = 100;

/** Goes through originals and has those of the specs made that are missing; memory does not grow with their number. */
export class Warming {
  private readonly concurrency: number;
  private readonly onProgress: WarmOptions['onProgress'];
  private readonly signal: AbortSignal | undefined;
  private readonly counts = { originals: 0, made: 0, existing: 0, failed: 0 };
  private readonly failures: WarmFailure[] = [];
  private aborted = false;

  constructor(
    private readonly specs: readonly RenditionSpec[],
    private readonly renditions: Renditions,
    options: WarmOptions,
  ) {
    refuseUnknownOptions(options, { concurrency: true, onProgress: true, signal: true });
    const { concurrency = concurrencyDefault, onProgress } = options;
    this.concurrency = wholeNumber('concurrency', concurrency, concurrencyLimits);
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw invalidOption('onProgress', 'expected a function', onProgress);
    }
    this.onProgress = onProgress;
    this.signal = checkSignal(options.signal);
  }

  async run(originals: Iterable<FileArgument> | AsyncIterable<FileArgument>): Promise<WarmReport> {
    const inFlight = new Set<Promise<void>>();
    const broken = new AbortController();
    const stop = AbortSignal.any([broken.signal, ...(this.signal === undefined ? [] : [this.signal])]);
    let exhausted = false;
    try {
      for await (const original of untilAborted(originals, stop)) {
        const working = this.warmOne(original)
          .catch((error: unknown) => broken.abort(error))
          .finally(() => inFlight.delete(working));
        inFlight.add(working);
        if (inFlight.size >= this.concurrency) {
          await Promise.race(inFlight);
        }
      }
      exhausted = !stop.aborted;
    } finally {
      await Promise.all(inFlight);
    }
    broken.signal.throwIfAborted();
    this.aborted ||= !exhausted;
    return this.report();
  }

  private async warmOne(original: FileArgument): Promise<void> {
    try {
      const id = toFileId(original);
      const [found = []] = await this.renditions.list([id], 'all');
      const there = new Set(found.map(({ spec }) => formatRenditionSpec(spec)));
      for (const spec of this.specs) {
        if (this.signal?.aborted === true) {
          this.aborted = true;
          return;
        }
        if (there.has(formatRenditionSpec(spec))) {
          this.counts.existing++;
        } else {
          await this.make(id, spec);
        }
      }
    } catch (error) {
      this.specs.forEach((spec) => this.fail(messageOf(Object(original).id ?? original), spec, error));
    }
    this.counts.originals++;
    this.onProgress?.(this.report());
  }

  private async make(id: string, spec: RenditionSpec): Promise<void> {
    try {
      const { made } = await this.renditions.get(id, spec);
      this.counts[made ? 'made' : 'existing']++;
    } catch (error) {
      this.fail(id, spec, error);
    }
  }

  private fail(file: string, spec: RenditionSpec, error: unknown): void {
    this.counts.failed++;
    if (this.failures.length === failuresMax) {
      return;
    }
    const { code = 'UNKNOWN', context = {} } = error instanceof FileRegistryError ? error : {};
    this.failures.push({
      file: file.slice(0, 100),
      spec: formatRenditionSpec(spec),
      code: String(context['code'] ?? code),
      message: messageOf(error),
    });
  }

  private report(): WarmReport {
    return { ...this.counts, failures: [...this.failures], aborted: this.aborted };
  }
}
