import { Readable } from 'node:stream';
import { Logger, StreamableFile } from '@nestjs/common';
import { FileNotFoundError } from '../errors/file-not-found-error.js';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { FileArgument } from '../registry/file-argument.js';
import type { FileRegistry } from '../registry/file-registry.js';
import type { StoredFile } from '../registry/stored-file.js';
import { contentDisposition } from '../storage/content-disposition.js';
import { breakOff, type HttpRequest, type HttpResponse, onClose } from './http-message.js';
import { report } from './report.js';
import { requestedPart } from './requested-part.js';
import { type Disposition, safeDisposition } from './safe-disposition.js';

/** Asked for each time, and answered with 304: the URL of an article's cover shows another file after it is replaced. */
const cacheControlDefault = 'private, no-cache';

const logger = new Logger('FileRegistry');

export interface SendFileOptions {
  /**
   * Whether a browser shows the file or saves it. Default: `inline` for images but SVG, audio, video, plain text and PDF, and
   * `attachment` for everything else, because HTML, SVG or XML that somebody uploaded would run as a page of this site.
   */
  readonly disposition?: Disposition | undefined;
  /** The name under which it is saved. Default: the file's. */
  readonly filename?: string | undefined;
  /**
   * Default: `private, no-cache`. Where the URL names the file by its id, its content never changes: `private, max-age=31536000,
   * immutable`.
   */
  readonly cacheControl?: string | undefined;
}

/**
 * Answers a request with a file, on Express and on Fastify: return what it answers from the handler.
 *
 * It knows conditional requests (the ETag is the file's id), one range of bytes, and HEAD, which reads nothing. The bytes are
 * closed when the client goes away, and the connection where they fail on the way. A `StoredFile` is taken as it is; an id costs a
 * look-up more.
 *
 * ```ts
 * @Get(':id')
 * download(@Param('id') id: string, @Req() request: HttpRequest, @Res({ passthrough: true }) response: HttpResponse) {
 *   return sendFile(this.files, id, request, response);
 * }
 * ```
 *
 * @throws HttpException as `httpExceptionOf` has it: 404 where there is no such file, 503 where the storage is away.
 */
export async function sendFile(
  files: FileRegistry,
  file: FileArgument | StoredFile,
  request: HttpRequest,
  response: HttpResponse,
  options: SendFileOptions = {},
): Promise<StreamableFile | undefined> {
  refuseUnknownOptions(options, { disposition: true, filename: true, cacheControl: true });
  try {
    return await answer(files, await found(files, file), request, response, options);
  } catch (error) {
    throw error instanceof FileRegistryError ? report(error, response) : error;
  }
}

async function answer(
  files: FileRegistry,
  file: StoredFile,
  request: HttpRequest,
  response: HttpResponse,
  options: SendFileOptions,
): Promise<StreamableFile | undefined> {
  const validators = { etag: `"${file.id}"`, lastModified: file.createdAt.toUTCString() };
  const part = requestedPart(request, file.size, validators);
  if (part.status === 412) {
    response.status(412);
    return undefined;
  }
  const range = part.status === 206 ? { start: part.start, end: part.end } : undefined;
  const stream =
    part.status === 304 || part.status === 416
      ? undefined
      : await content(request, response, (signal) => files.read(file.id, { ...range, signal }));

  // After opening: an error is answered without any of these.
  response.status(part.status);
  response.header('Accept-Ranges', 'bytes');
  response.header('X-Content-Type-Options', 'nosniff');
  if (part.status === 416) {
    response.header('Content-Range', `bytes */${file.size}`);
    return undefined;
  }
  response.header('ETag', validators.etag);
  response.header('Last-Modified', validators.lastModified);
  response.header('Cache-Control', options.cacheControl ?? cacheControlDefault);
  if (stream === undefined) {
    return undefined;
  }
  if (range !== undefined) {
    response.header('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`);
  }
  return new StreamableFile(stream, {
    type: file.contentType,
    length: range === undefined ? file.size : range.end - range.start + 1,
    disposition: contentDisposition(
      options.disposition ?? safeDisposition(file.contentType),
      options.filename ?? file.filename ?? undefined,
    ),
  });
}

async function found(files: FileRegistry, file: FileArgument | StoredFile): Promise<StoredFile> {
  if (typeof file === 'object' && 'contentType' in file && 'createdAt' in file) {
    return file;
  }
  const stored = await files.find(file);
  if (stored === null) {
    throw new FileNotFoundError('No file has this id, or none any more.', { context: { file } });
  }
  return stored;
}

/** The bytes, once the first of them are there: what fails on the way to them can still be answered with an error. */
async function content(
  { method }: HttpRequest,
  response: HttpResponse,
  read: (signal: AbortSignal) => Promise<Readable>,
): Promise<Readable> {
  if (method === 'HEAD') {
    return Readable.from([], { objectMode: false });
  }
  const gone = new AbortController();
  let opened: Readable | undefined;
  // The signal is for the opening. What is open is closed without an error: a client that goes is no failure of the storage.
  onClose(response, () => (opened === undefined ? gone.abort() : opened.destroy()));
  const stream = await read(gone.signal).catch((error: unknown) => {
    if (gone.signal.aborted) return Readable.from([]);
    throw error;
  });
  opened = gone.signal.aborted ? stream.destroy() : stream;
  await new Promise<void>((resolve, reject) => {
    stream.once('readable', resolve).once('close', resolve).once('error', reject);
  });
  // From here on it is no error to be answered: the headers of a success are set, if not sent.
  stream.once('error', (error) => {
    logger.error(`A download was broken off. ${error.name}: ${error.message}`, error.stack);
    breakOff(response);
  });
  return stream;
}
