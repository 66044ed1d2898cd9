/** What is known about the content, and the limits of this one call. */
export interface StoreOptions {
  /** The uploaded file's name, for people. Sanitised, at most 255 bytes are kept; the key carries a shorter form of it. */
  readonly filename?: string | undefined;
  /** Default: by the file name's ending, else `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /** The name of the storage to write to. Default: the module's `defaultStorage`. */
  readonly storage?: string | undefined;
  /** Anything the application wants to keep with the file, as JSON of at most 64 KiB. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Overrides the module's option. */
  readonly maxSizeBytes?: number | undefined;
  /** Overrides the module's option; an empty list is refused. */
  readonly allowedContentTypes?: readonly string[] | undefined;
  /** Ends the upload; nothing is stored then. */
  readonly signal?: AbortSignal | undefined;
}

export const storeOptionNames = {
  filename: true,
  contentType: true,
  storage: true,
  metadata: true,
  maxSizeBytes: true,
  allowedContentTypes: true,
  signal: true,
} as const satisfies Record<keyof StoreOptions, true>;
