import type { Writable } from 'node:stream';

export interface OutputOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

/**
 * What the program says. The answer goes to stdout: text, or with `--json` exactly one document and nothing else. Everything
 * that is said on the way goes to stderr.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
  private answered = false;

  constructor(
    private readonly stdout: Writable,
    readonly stderr: Writable & { readonly isTTY?: boolean },
    { json = false, quiet = false, debug = false }: OutputOptions,
  ) {
    this.json = json;
    this.quiet = quiet;
    this.debug = debug;
    // Whoever reads may leave early, as `head` does; that ends the output, not the work.
    stdout.on('error', ignoreBrokenPipe);
    stderr.on('error', ignoreBrokenPipe);
  }

  /** Whether progress is a bar, for which it is worth to find out how much there is. */
  get showsBars(): boolean {
    return this.stderr.isTTY === true && !this.quiet;
  }

  /** The command's result: the document with `--json`, the lines without, nothing with `--quiet`. */
  answer(document: object, lines: readonly string[]): void {
    if (this.json) {
      this.document(document);
    } else if (!this.quiet) {
      this.stdout.write(asText(lines));
    }
  }

  /** A text that was asked for as it is, such as SQL; `--quiet` does not hold it back. */
  text(document: object, text: string): void {
    if (this.json) {
      this.document(document);
    } else {
      this.stdout.write(text);
    }
  }

  /** A remark on the way. */
  note(line: string): void {
    if (!this.quiet) {
      this.stderr.write(asText([line]));
    }
  }

  /** What must not be missed, `--quiet` or not. */
  warn(line: string): void {
    this.stderr.write(asText([line]));
  }

  /** The failure, which with `--json` is the document, unless there was one. */
  fail(document: object, lines: readonly string[]): void {
    this.stderr.write(asText(lines));
    if (this.json && !this.answered) {
      this.document(document);
    }
  }

  private document(document: object): void {
    this.answered = true;
    this.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  }
}

/** Keys and names of others may hold anything; on a terminal their control characters would be commands. */
function asText(lines: readonly string[]): string {
  return lines.map((line) => `${line.replaceAll(/[^\P{Cc}\n]/gu, escaped)}\n`).join('');
}

function escaped(character: string): string {
  return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') {
    throw error;
  }
}
