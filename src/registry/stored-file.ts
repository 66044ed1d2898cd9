/** A file as the application sees it. */
export interface StoredFile {
  /** A UUIDv7; what the application keeps in its rows. */
  readonly id: string;
  /** The name of the storage that holds the bytes. */
  readonly storage: string;
  /** Where the bytes are in the storage. Made by the registry and never used twice. */
  readonly key: string;
  readonly versionId: string | null;
  /** The uploaded file's name, sanitised; for people, never for finding bytes. */
  readonly filename: string | null;
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the content in hexadecimal; null where the file was adopted unread. */
  readonly checksum: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** By the database's clock. */
  readonly createdAt: Date;
}

/** The same as the schema's functions answer it. */
export type StoredFileJson = Omit<StoredFile, 'createdAt'> & { readonly createdAt: string };

export function toStoredFile(json: StoredFileJson): StoredFile {
  return { ...json, createdAt: new Date(json.createdAt) };
}
