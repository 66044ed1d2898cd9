/**
 * A key as a listing gives it that was asked to encode keys like in a URL, because XML cannot carry all of them. Servers write
 * a blank as `+` or as `%20`, a plus sign always as `%2B`. Undefined where its bytes are no UTF-8.
 */
export function decodeKey(key: string, encodingType: string | undefined): string | undefined {
  if (encodingType !== 'url') return key;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
