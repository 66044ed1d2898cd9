import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { now } from './clock.js';

/**
 * Lines of JSON that several processes append to one file. A line is one write to a file opened for appending, made before
 * the call returns: a process that is killed has written it whole or not at all.
 */
export class AppendOnlyFile<Line extends object> {
  readonly #file: number;

  constructor(
    path: string,
    private readonly by: string,
  ) {
    this.#file = openSync(path, 'a');
  }

  append(line: Line): void {
    writeSync(this.#file, `${JSON.stringify({ at: now(), by: this.by, ...line })}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What every line has: when, and which process. */
export interface Stamp {
  readonly at: number;
  readonly by: string;
}

/** Reads what was appended since the last look. */
export class AppendedLines<Line extends object> {
  readonly #file: number;
  #offset = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'a+');
  }

  read(): (Line & Stamp)[] {
    const bytes = Buffer.alloc(fstatSync(this.#file).size - this.#offset);
    const length = readSync(this.#file, bytes, 0, bytes.length, this.#offset);
    const end = bytes.subarray(0, length).lastIndexOf('\n') + 1;
    this.#offset += end;
    return bytes
      .toString('utf8', 0, end)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line & Stamp);
  }

  close(): void {
    closeSync(this.#file);
  }
}
