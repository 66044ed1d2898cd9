import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { UsageError } from '../errors/usage-error.js';
import type { CliSession } from '../session.js';

export interface Input {
  readonly stream: Readable;
  /** Undefined where nobody knows how much will come. */
  readonly sizeBytes: number | undefined;
  readonly bytesRead: () => number | undefined;
}

/** @throws UsageError for a file that is not there, and for a terminal, on which nobody types a CSV. */
export async function openInput({ input, folder }: CliSession, name: string | undefined): Promise<Input> {
  if (name === undefined || name === '-') {
    if (input.isTTY === true) {
      throw new UsageError('Say which CSV to read, pipe one in, or say --query.');
    }
    return { stream: input, sizeBytes: undefined, bytesRead: () => undefined };
  }
  const file = resolve(folder, name);
  // Opened before anything else is: a stream that fails while nobody listens ends the process.
  const handle = await open(file).catch((cause: unknown) => {
    throw new UsageError(`There is no file ${file} that can be read.`, { cause });
  });
  const found = await handle.stat();
  if (found.isDirectory()) {
    await handle.close();
    throw new UsageError(`${file} is a folder. Name the CSV in it.`);
  }
  const stream = handle.createReadStream();
  return { stream, sizeBytes: found.isFile() ? found.size : undefined, bytesRead: () => stream.bytesRead };
}
