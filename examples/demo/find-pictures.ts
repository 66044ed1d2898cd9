import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import type { Upload } from '../app/articles.js';
import { UsageError } from './usage-error.js';

export interface Picture {
  /** Not as text: names on disk need not be valid UTF-8. */
  path: Buffer;
  /** The path below the folder it was found in, for people. */
  title: string;
}

/** Every regular file below the folder, whatever it holds; symbolic links are passed over. */
export async function findPictures(folder: string): Promise<Picture[]> {
  const paths: Buffer[] = [];
  for await (const path of filesBelow(Buffer.from(folder))) paths.push(path);
  if (paths.length === 0) {
    throw new UsageError(`There is no file in '${folder}' or below it. Pass a folder with pictures.`);
  }
  return paths.toSorted(Buffer.compare).map((path) => ({ path, title: relative(folder, path.toString()) }));
}

/** What a browser would send. */
export function upload({ path }: Picture, signal: AbortSignal): Upload {
  return { content: createReadStream(path, { signal }), filename: basename(path.toString()) };
}

async function* filesBelow(folder: Buffer): AsyncGenerator<Buffer> {
  const options = { encoding: 'buffer', withFileTypes: true } as const;
  const entries = await readdir(folder, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new UsageError(`There is no folder '${folder}'.`);
    if (error.code === 'ENOTDIR') throw new UsageError(`'${folder}' is not a folder. Pass the one it is in.`);
    throw new UsageError(`'${folder}' cannot be read: ${error.message}`);
  });
  for (const entry of entries) {
    const path = Buffer.concat([folder, Buffer.from(sep), entry.name]);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
