import { performance } from 'node:perf_hooks';
import { SingleBar } from 'cli-progress';
import { formatCount, formatDuration } from './format.js';
import type { Output } from './output.js';

export interface ProgressOptions {
  /** What is counted, in the plural: `rows`. */
  readonly unit: string;
  /** How many there will be, as far as it is known. Without it there is neither a bar nor a time left. */
  readonly total?: number | undefined;
  /** Between two plain lines. Default: 10 seconds. */
  readonly lineIntervalMs?: number | undefined;
}

const lineIntervalDefaultMs = 10_000;

/**
 * How far a command is, on stderr: a bar with rate and time left on a terminal, a plain line now and then where there is none,
 * nothing with `--quiet`.
 */
export class Progress implements Disposable {
  private readonly startedAt = performance.now();
  private readonly bar: SingleBar | undefined;
  private readonly total: number;
  private readonly lineIntervalMs: number;
  private lineAt = this.startedAt;

  constructor(
    private readonly output: Output,
    private readonly options: ProgressOptions,
  ) {
    this.total = options.total ?? 0;
    this.lineIntervalMs = options.lineIntervalMs ?? lineIntervalDefaultMs;
    if (output.showsBars) {
      this.bar = new SingleBar({
        stream: output.stderr,
        format: this.total > 0 ? `{bar} {percentage}% | {text}` : '{text}',
        barsize: 24,
        // The terminal is left as it is, so that a killed process leaves nothing to put right.
        linewrap: true,
        clearOnComplete: true,
      });
      this.bar.start(this.total, 0, { text: this.text(0, 0) });
    }
  }

  /** `share` is how much of the total is done, where that is counted in something else than what is shown. */
  update(count: number, share = count): void {
    if (this.bar !== undefined) {
      this.bar.update(Math.min(share, this.total || share), { text: this.text(count, share) });
    } else if (performance.now() - this.lineAt >= this.lineIntervalMs) {
      this.lineAt = performance.now();
      this.output.note(this.text(count, share));
    }
  }

  [Symbol.dispose](): void {
    this.bar?.stop();
  }

  private text(count: number, share: number): string {
    const seconds = (performance.now() - this.startedAt) / 1000;
    const rate = seconds > 0 ? count / seconds : 0;
    const remaining = this.total - share;
    const left =
      share > 0 && remaining > 0 ? `, ${formatDuration(((seconds * remaining) / share) * 1000)} left` : '';
    return `${formatCount(count)} ${this.options.unit}, ${formatCount(rate)}/s${left}`;
  }
}
