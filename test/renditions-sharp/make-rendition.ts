import { Readable } from 'node:stream';
import type { FileContent, MadeRendition, RenditionRequest, StoredFile } from 'nestjs-file-registry';
import { sharpMaker, type SharpMakerOptions } from 'nestjs-file-registry/sharp';
import sharp from 'sharp';

export function originalOf(bytes: Buffer, parts: Partial<StoredFile> = {}): StoredFile {
  return {
    id: '01890000-0000-7000-8000-000000000001',
    storage: 'media',
    key: '2026/01/01890000-0000-7000-8000-000000000001.png',
    versionId: null,
    filename: 'photo.png',
    contentType: 'image/png',
    size: bytes.length,
    checksum: null,
    metadata: {},
    createdAt: new Date(0),
    ...parts,
  };
}

export interface MakeOptions extends Partial<Omit<RenditionRequest, 'spec' | 'original'>> {
  readonly original?: Partial<StoredFile>;
  readonly maker?: SharpMakerOptions;
}

export function requestFor(
  bytes: Buffer,
  spec: RenditionRequest['spec'],
  options: MakeOptions = {},
): RenditionRequest {
  return {
    original: originalOf(bytes, options.original),
    spec,
    read: options.read ?? (() => Promise.resolve(Readable.from(inChunks(bytes)))),
    signal: options.signal ?? new AbortController().signal,
  };
}

export async function makeRendition(
  bytes: Buffer,
  spec: RenditionRequest['spec'],
  options: MakeOptions = {},
): Promise<MadeRendition & { content: Buffer }> {
  const made = await sharpMaker(options.maker).make(requestFor(bytes, spec, options));
  return { ...made, content: asBuffer(made.content) };
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => number[];
}

/** The pixels of an encoded picture, all frames below each other. */
export async function pixelsOf(bytes: Buffer, frames = 1): Promise<Pixels> {
  const { data, info } = await sharp(bytes, { pages: frames }).raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at: (x, y) => {
      const start = (y * info.width + x) * info.channels;
      return [...data.subarray(start, start + info.channels)];
    },
  };
}

/** In more than one piece, as storages answer. */
function* inChunks(bytes: Buffer): Generator<Buffer> {
  const half = Math.ceil(bytes.length / 2);
  yield bytes.subarray(0, half);
  yield bytes.subarray(half);
}

function asBuffer(content: FileContent): Buffer {
  if (!Buffer.isBuffer(content)) throw new TypeError('the maker is expected to answer a buffer');
  return content;
}
