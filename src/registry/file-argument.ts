import { inspect } from 'node:util';
import { validate as isUuid } from 'uuid';
import { InvalidFileIdError } from '../errors/invalid-file-id-error.js';

/** Whatever names a file: its id, or anything with an `id` that is one, such as a `StoredFile`. */
export type FileArgument = string | { readonly id: string };

/** Files in one call; more belong into several. */
const filesMax = 10_000;

/** @throws InvalidFileIdError */
export function toFileId(file: FileArgument): string {
  const id: unknown = typeof file === 'object' && file !== null ? file.id : file;
  if (typeof id !== 'string' || !isUuid(id)) {
    throw new InvalidFileIdError(
      `${describe(id)} is no file's id. Pass the id that store() answered, or an object that has it as 'id'.`,
      { context: { id } },
    );
  }
  return id.toLowerCase();
}

/** @throws InvalidFileIdError */
export function toFileIds(files: FileArgument | readonly FileArgument[]): string[] {
  const list = Array.isArray(files) ? (files as readonly FileArgument[]) : [files as FileArgument];
  if (list.length > filesMax) {
    throw new InvalidFileIdError(
      `A call takes at most ${filesMax} files, received ${list.length}. Make several calls.`,
      {
        context: { count: list.length },
      },
    );
  }
  // Unlike map, this does not skip the holes of a sparse list.
  return Array.from(list, (file) => toFileId(file));
}

function describe(id: unknown): string {
  return typeof id === 'string' ? JSON.stringify(id.slice(0, 100)) : inspect(id, { depth: 0 });
}
