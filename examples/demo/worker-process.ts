import type { ChildProcess } from 'node:child_process';
import { forkTypeScript } from '../../test/support/fork-typescript.js';
import { waitUntil } from './wait-until.js';

export interface WorkerEnvironment {
  DATABASE_URL: string;
  MEDIA_ROOT: string;
}

/** A worker in a process of its own, by its parent. */
export class WorkerProcess {
  private readonly child: ChildProcess;
  private readonly messages = new Set<unknown>();
  private readonly exit: Promise<void>;
  private hasExited = false;

  /** @param onFailure is told when the process ends by itself and says that it failed. */
  constructor(environment: WorkerEnvironment, onFailure: (error: Error) => void) {
    this.child = forkTypeScript(new URL('./worker.ts', import.meta.url), [], {
      env: { ...process.env, ...environment },
    });
    this.child.on('error', onFailure);
    this.child.on('message', (message) => this.messages.add(message));
    this.exit = new Promise((resolve) => {
      this.child.once('exit', () => {
        this.hasExited = true;
        resolve();
      });
    });
  }

  get id(): number {
    return this.child.pid ?? 0;
  }

  untilReady(signal: AbortSignal): Promise<void> {
    return this.until('ready', signal);
  }

  /** From now on it deletes bytes and never gets to writing that down. */
  stall(): void {
    this.child.send('stall');
  }

  untilBytesDeleted(signal: AbortSignal): Promise<void> {
    return this.until('bytes deleted', signal);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }

  /** Lets it finish what is in flight. */
  async stop(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exit;
  }

  private until(message: string, signal: AbortSignal): Promise<void> {
    return waitUntil(`the worker says '${message}'`, signal, async () => {
      if (this.hasExited) throw new Error('The worker has ended.');
      return this.messages.has(message);
    });
  }
}
