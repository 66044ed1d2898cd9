import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
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
  const found = await stat(file).catch((cause: unknown) => {
    throw new UsageError(`There is no file ${file} that can be read.`, { cause });
  });
  if (found.isDirectory()) {
    throw new UsageError(`${file} is a folder. Name the CSV in it.`);
  }
  const stream = createReadStream(file);
  return { stream, sizeBytes: found.isFile() ? found.size : undefined, bytesRead: () => stream.bytesRead };
}
