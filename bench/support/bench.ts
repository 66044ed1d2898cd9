import type { BenchServer } from './bench-server.js';
import type { MediaFolder } from './media-folder.js';
import type { Size } from './parse-options.js';
import type { Results } from './results.js';

export interface Bench {
  readonly name: string;
  /** What it measures, in one line. */
  readonly what: string;
  run(context: BenchContext): Promise<void>;
}

export interface BenchContext {
  readonly size: Size;
  readonly samples: number;
  readonly server: BenchServer;
  readonly media: MediaFolder;
  readonly results: Results;
  /** Says on the error output what goes on; the figures are the only output. */
  progress(text: string): void;
}
