import type { LoggerService } from '@nestjs/common';
import type { Output } from './output.js';

/** Nest's log on stderr: stdout is for answers. Plain lines, without colours. */
export class CliLogger implements LoggerService {
  constructor(private readonly output: Output) {}

  log(message: unknown, ...details: unknown[]): void {
    if (!this.output.quiet) {
      this.write('LOG', message, details);
    }
  }

  warn(message: unknown, ...details: unknown[]): void {
    this.write('WARN', message, details);
  }

  /** What keeps the application from starting is reported by the program itself. */
  error(message: unknown, ...details: unknown[]): void {
    if (details.at(-1) !== 'ExceptionHandler' || this.output.debug) {
      this.write('ERROR', message, details);
    }
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.write('FATAL', message, details);
  }

  debug(message: unknown, ...details: unknown[]): void {
    if (this.output.debug) {
      this.write('DEBUG', message, details);
    }
  }

  verbose(message: unknown, ...details: unknown[]): void {
    this.debug(message, ...details);
  }

  /** The last detail is the context; a stack comes before it. */
  private write(level: string, message: unknown, details: readonly unknown[]): void {
    const context = details.at(-1);
    const text =
      message instanceof Error
        ? message.message
        : typeof message === 'string'
          ? message
          : JSON.stringify(message);
    this.output.warn(`${level} ${typeof context === 'string' ? `[${context}] ` : ''}${text}`);
    const stack = message instanceof Error ? message.stack : details.length > 1 ? details[0] : undefined;
    if (this.output.debug && typeof stack === 'string') {
      this.output.warn(stack);
    }
  }
}
