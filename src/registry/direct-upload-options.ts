import type { StoreOptions } from './store-options.js';

/** What a client may upload by itself, and how. */
export interface ReserveUploadOptions extends Pick<
  StoreOptions,
  'filename' | 'contentType' | 'storage' | 'maxSizeBytes' | 'allowedContentTypes'
> {
  /** How long the client may write. Default: 15 minutes. Limits: 1 second to 7 days. */
  readonly expiresInMs?: number | undefined;
  /**
   * `put` is one request with the bytes as its body; its size is looked at when it is confirmed. `post` is a form as browsers send
   * it, whose size the storage itself limits. Default: `put`.
   */
  readonly kind?: 'put' | 'post' | undefined;
}

/** What the client needs, and the id to confirm. */
export interface ReservedUpload {
  /** The id of the file that it becomes. Nothing but this is to be kept. */
  readonly id: string;
  readonly method: 'PUT' | 'POST';
  readonly url: string;
  /** To be sent with a `PUT`, exactly so. */
  readonly headers: Readonly<Record<string, string>>;
  /** The form's fields for a `POST`; the file follows them as the last field, called `file`. */
  readonly fields: Readonly<Record<string, string>>;
  /** By the database's clock. */
  readonly expiresAt: Date;
}

export interface ConfirmUploadOptions {
  /** Anything the application wants to keep with the file, as JSON of at most 64 KiB. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}
