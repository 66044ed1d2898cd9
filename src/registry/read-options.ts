/** Which part of a file to read: byte offsets, both inclusive. An `end` behind the last byte means the last byte. */
export interface ReadOptions {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
