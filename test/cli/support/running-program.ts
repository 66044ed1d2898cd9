import type { ChildProcess } from 'node:child_process';

export class Ended {
  constructor(
    readonly exitCode: number | null,
    readonly stdout: string,
    readonly stderr: string,
  ) {}

  /** The document on stdout. Throws where there is anything else. */
  get json(): any {
    return JSON.parse(this.stdout);
  }
}

export class RunningProgram {
  readonly ended: Promise<Ended>;
  private readonly output = { stdout: '', stderr: '' };

  constructor(readonly process: ChildProcess) {
    const { output } = this;
    for (const name of ['stdout', 'stderr'] as const) {
      process[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    // Whoever is killed does not read what is typed.
    process.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      process.once('error', reject);
      process.once('close', (exitCode) => resolve(new Ended(exitCode, output.stdout, output.stderr)));
    });
  }

  /** Resolves when either output has this text, rejects when the process ends without. */
  prints(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => (this.output.stdout + this.output.stderr).includes(text) && resolve();
      this.process.stdout?.on('data', look);
      this.process.stderr?.on('data', look);
      look();
      void this.ended.then(({ stdout, stderr }) =>
        reject(new Error(`It ended without '${text}'. ${stdout}${stderr}`)),
      );
    });
  }

  type(text: string): void {
    this.process.stdin?.write(text);
  }
}
