import type { Readable } from 'node:stream';
import { PayloadTooLargeException } from '@nestjs/common';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import type { FileRegistry } from '../registry/file-registry.js';
import type { StoreOptions } from '../registry/store-options.js';
import type { StoredFile } from '../registry/stored-file.js';
import { httpExceptionOf } from './http-exception-of.js';

/** What `@UploadedFile()` gives: multer's file, with the registry's in `stored`. It is attached to nobody yet. */
export interface StoredUpload {
  /** The name of the form's field. */
  readonly fieldname: string;
  /** The file's name as the client sent it; `stored.filename` is the sanitised one. */
  readonly originalname: string;
  readonly encoding: string;
  /** As the client says; nobody looked into the bytes. */
  readonly mimetype: string;
  /** In bytes. */
  readonly size: number;
  readonly stored: StoredFile;
}

/** A file on its way in. */
export type IncomingUpload = Omit<StoredUpload, 'size' | 'stored'> & { readonly stream: Readable };

/** Of each upload; see `StoreOptions`. */
export type UploadStorageOptions = Pick<
  StoreOptions,
  'storage' | 'metadata' | 'maxSizeBytes' | 'allowedContentTypes'
>;

/** A storage engine of multer, which Nest's interceptors for Fastify take as well. */
export interface UploadStorage {
  _handleFile(
    request: unknown,
    file: IncomingUpload,
    done: (error?: unknown, info?: Pick<StoredUpload, 'size' | 'stored'>) => void,
  ): void;
  _removeFile(request: unknown, file: Partial<StoredUpload>, done: (error: Error | null) => void): void;
}

/**
 * Lets `FileInterceptor` and its siblings store uploads in the registry, streaming, without a copy on disk. For `MulterModule` on
 * Express, and for `MultipartModule` of `@nestjs/platform-fastify/multipart` on Fastify.
 *
 * ```ts
 * MulterModule.registerAsync({
 *   inject: [FileRegistry],
 *   useFactory: (files: FileRegistry) => ({ storage: uploadStorage(files), defParamCharset: 'utf8' }),
 * })
 * ```
 *
 * The file's type is what the client says, or where it does not know better what the file's name says. Too large is answered
 * with 413, a type that is not allowed with 415. Uploads that fail, are cut off or are refused by the form's limits leave nothing
 * behind; for those that a handler or a pipe refuses there is `DiscardUploadsInterceptor`.
 */
export function uploadStorage(
  files: FileRegistry,
  options: UploadStorageOptions | ((request: unknown, file: IncomingUpload) => UploadStorageOptions) = {},
): UploadStorage {
  if (typeof options !== 'function') {
    refuseUnknownOptions(options, {
      storage: true,
      metadata: true,
      maxSizeBytes: true,
      allowedContentTypes: true,
    });
  }

  async function store(request: unknown, file: IncomingUpload): Promise<StoredFile> {
    const stored = await files.store(file.stream, {
      ...(typeof options === 'function' ? options(request, file) : options),
      filename: file.originalname,
      contentType: file.mimetype === 'application/octet-stream' ? undefined : file.mimetype,
    });
    // At a limit of the parser the stream just ends, and what was stored is a part of the file.
    if ((file.stream as { truncated?: boolean }).truncated === true) {
      await files.discard(stored);
      throw new PayloadTooLargeException('File too large');
    }
    return stored;
  }

  return {
    _handleFile(request, file, done) {
      store(request, file).then(
        (stored) => done(null, { size: stored.size, stored }),
        (error: unknown) => done(clientErrorOf(error)),
      );
    },

    _removeFile(_request, { stored }, done) {
      const removing = stored === undefined ? Promise.resolve() : files.discard(stored);
      removing.then(
        () => done(null),
        (error: Error) => done(error),
      );
    },
  };
}

/** What the client did as Nest's own exception; the rest is the application's, or its exception filter's. */
function clientErrorOf(error: unknown): unknown {
  if (!(error instanceof FileRegistryError)) {
    return error;
  }
  const exception = httpExceptionOf(error);
  return exception.getStatus() < 500 ? exception : error;
}
