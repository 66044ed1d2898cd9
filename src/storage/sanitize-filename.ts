import sanitize from 'sanitize-filename';

/**
 * Control characters, bidirectional marks and overrides (they make `gpj.exe` read as `exe.jpg`), invisible separators,
 * noncharacters (no XML can carry them, S3 speaks XML) and what some file system or other refuses. The zero-width joiner
 * and the tag characters stay: emoji are made of them.
 */
const unwanted =
  /[\p{Cc}\p{Noncharacter_Code_Point}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb<>:"|?*]/gu;
const loneSurrogates = /\p{Surrogate}/gu;
const extensionBytesMax = 32;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

export interface SanitizeFilenameOptions {
  /** The longest result in bytes of UTF-8. Default 255, what file systems can hold. At least 64. */
  readonly maxBytes?: number | undefined;
}

/**
 * Makes a name from outside safe to store, to show and to use as a path's last segment: the last component of a path,
 * in NFC, without characters that mislead or that some file system refuses, shortened between graphemes with its
 * extension kept. Names that Windows reserves get a `_` in front. Returns undefined where nothing is left, e.g. for
 * `..`. Idempotent; never throws.
 */
export function sanitizeFilename(name: string, options: SanitizeFilenameOptions = {}): string | undefined {
  const maxBytes = options.maxBytes ?? 255;
  const clean = lastComponent(name).replace(loneSurrogates, '').replace(unwanted, '').normalize('NFC').trim();
  const safe = sanitize(shorten(clean, maxBytes)).trim();
  if (safe !== '') return safe;
  // The package empties names like `con.txt`; a letter in front makes them usable. Names of dots alone stay empty.
  return /^[. ]*$/.test(clean) ? undefined : sanitize(shorten(`_${clean}`, maxBytes)).trim();
}

function lastComponent(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? '';
}

function shorten(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const extension = extensionOf(name);
  const stem = name.slice(0, name.length - extension.length);
  return cut(stem, maxBytes - Buffer.byteLength(extension)).trimEnd() + extension;
}

/** The last dot and what follows, unless that is nothing, all there is, or too long to be an extension. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = name.slice(dot);
  return dot > 0 && extension.length > 1 && Buffer.byteLength(extension) <= extensionBytesMax
    ? extension
    : '';
}

function cut(text: string, maxBytes: number): string {
  const whole = takeWhileFitting(graphemesOf(text), maxBytes);
  // A single grapheme can be larger than the room (a letter under a thousand accents): then cut between characters.
  return whole === '' ? takeWhileFitting(text, maxBytes) : whole;
}

function* graphemesOf(text: string): Iterable<string> {
  for (const { segment } of graphemes.segment(text)) yield segment;
}

function takeWhileFitting(parts: Iterable<string>, maxBytes: number): string {
  let taken = '';
  let bytes = 0;
  for (const part of parts) {
    bytes += Buffer.byteLength(part);
    if (bytes > maxBytes) break;
    taken += part;
  }
  return taken;
}
