export interface MoveOptions {
  /** Ends the move; the file stays where it is then. */
  readonly signal?: AbortSignal | undefined;
}
