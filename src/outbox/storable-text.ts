/** The message of somebody else's error may quote what it received; PostgreSQL stores neither NUL nor half a surrogate pair. */
export function storableText(message: unknown): string {
  return String(message).toWellFormed().replaceAll('\0', '\uFFFD');
}
