/**
 * Whether PostgreSQL keeps a text as it is: 1 to `maxBytes` bytes of well-formed Unicode without NUL. Half a surrogate pair would
 * become a replacement character, so that two texts could become one.
 */
export function isStorableText(value: unknown, maxBytes: number): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    Buffer.byteLength(value) <= maxBytes &&
    !value.includes('\0') &&
    value.isWellFormed()
  );
}
