import { inspect, MIMEType } from 'node:util';
import { lookup } from 'mime-types';
import { ContentTypeNotAllowedError } from '../errors/content-type-not-allowed-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { allowedContentTypesMax } from './option-defaults.js';

const unknownContentType = 'application/octet-stream';
const contentTypeMaxBytes = 255;
const pattern = /^[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+)$/;

/** Checks `allowedContentTypes`: exact types, or a whole family as `image/*`. Answers in lower case. */
export function checkContentTypePatterns(patterns: unknown): readonly string[] | undefined {
  if (patterns === undefined) {
    return undefined;
  }
  const valid =
    Array.isArray(patterns) &&
    patterns.length > 0 &&
    patterns.length <= allowedContentTypesMax &&
    patterns.every((entry) => typeof entry === 'string' && pattern.test(entry));
  if (!valid) {
    throw new InvalidOptionError(
      `allowedContentTypes: expected 1 to ${allowedContentTypesMax} types such as 'image/png' or 'image/*', received ${inspect(patterns)}.`,
      { context: { option: 'allowedContentTypes', value: patterns } },
    );
  }
  return patterns.map((entry: string) => entry.toLowerCase());
}

/**
 * The content type of an upload: what the caller says, else what the file's name says, else `application/octet-stream`.
 * Nothing looks into the bytes: what a client claims is not what it sends.
 *
 * @throws ContentTypeNotAllowedError where it is malformed or not among the allowed ones.
 */
export function resolveContentType(
  contentType: string | undefined,
  filename: string | undefined,
  allowed: readonly string[] | undefined,
): string {
  const claimed = contentType ?? (lookup(filename ?? '') || unknownContentType);
  const type = parse(claimed);
  if (allowed !== undefined && !allowed.some((entry) => matches(type, entry))) {
    throw new ContentTypeNotAllowedError(
      `Content of type '${type.essence}' is not allowed. Allowed are ${allowed.join(', ')}.`,
      { context: { contentType: type.essence, allowed } },
    );
  }
  return type.toString();
}

function parse(contentType: string): MIMEType {
  if (
    typeof contentType === 'string' &&
    Buffer.byteLength(contentType) <= contentTypeMaxBytes &&
    !/[^\t\x20-\x7e]/.test(contentType)
  ) {
    try {
      return new MIMEType(contentType);
    } catch {
      // Falls through to the one message.
    }
  }
  throw new ContentTypeNotAllowedError(
    `Content type ${JSON.stringify(contentType)?.slice(0, 100)} is malformed. Pass one such as 'image/jpeg', of at most ${contentTypeMaxBytes} printable ASCII characters.`,
    { context: { contentType } },
  );
}

function matches(type: MIMEType, entry: string): boolean {
  return entry.endsWith('/*') ? type.type === entry.slice(0, -2) : type.essence === entry;
}
