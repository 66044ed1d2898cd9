/** What can be done about an error. */
export type FileRegistryErrorKind =
  /** The call is wrong and will fail again until the caller changes it. */
  | 'usage'
  /** The same call may succeed later. */
  | 'retryable'
  /** Somebody has to mend something first: a permission, a bucket, a migration. */
  | 'permanent';

export interface FileRegistryErrorDetails {
  /** Values that the message speaks of, for logs and for branching. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The base of every error that the registry throws. `code` is stable across versions, the message is not; the message
 * ends with what to do next.
 */
export abstract class FileRegistryError extends Error {
  abstract readonly code: string;
  abstract readonly kind: FileRegistryErrorKind;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(message: string, details: FileRegistryErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.context = details.context ?? {};
  }

  /** True where the same call may succeed later without any change. */
  get retryable(): boolean {
    return this.kind === 'retryable';
  }
}
