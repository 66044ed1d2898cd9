import fresh from 'fresh';
import parseRange from 'range-parser';
import type { HttpRequest } from './http-message.js';

/** What a request asks for of a file that never changes, by its conditions and its range (RFC 9110, 13 and 14). */
export type RequestedPart =
  | { readonly status: 200 }
  | { readonly status: 206; readonly start: number; readonly end: number }
  | { readonly status: 304 | 412 | 416 };

export interface Validators {
  readonly etag: string;
  readonly lastModified: string;
}

export function requestedPart(
  request: HttpRequest,
  sizeBytes: number,
  { etag, lastModified }: Validators,
): RequestedPart {
  const { headers, method } = request;
  if (!matches(headers, { etag, lastModified })) {
    return { status: 412 };
  }
  // Without the request's Cache-Control, which speaks to caches: fetch sends no-cache along with every condition.
  const conditions = {
    'if-none-match': headers['if-none-match'],
    'if-modified-since': headers['if-modified-since'],
  };
  if (fresh(conditions, { etag, 'last-modified': lastModified })) {
    return { status: 304 };
  }
  const range = single(headers.range);
  const ifRange = single(headers['if-range']);
  const changed = ifRange !== undefined && ifRange !== etag && ifRange !== lastModified;
  return method !== 'GET' || range === undefined || changed ? { status: 200 } : rangeOf(range, sizeBytes);
}

function matches(headers: HttpRequest['headers'], { etag, lastModified }: Validators): boolean {
  const ifMatch = single(headers['if-match']);
  if (ifMatch !== undefined) {
    // A weak tag never matches here, and this one is strong.
    return ifMatch.trim() === '*' || ifMatch.split(',').some((tag) => tag.trim() === etag);
  }
  const unmodifiedSince = Date.parse(single(headers['if-unmodified-since']) ?? '');
  return Number.isNaN(unmodifiedSince) || Date.parse(lastModified) <= unmodifiedSince;
}

/** Of one range. Several at once may be answered with the whole, and so is what is no range, or none of bytes. */
function rangeOf(header: string, sizeBytes: number): RequestedPart {
  // The last thousand bytes of a hundred are all of them; range-parser finds nothing there.
  if (Number(/^bytes=\s*-(\d+)\s*$/.exec(header)?.[1]) > sizeBytes) {
    // Of an empty file too, and nothing has no first byte to tell of.
    return sizeBytes === 0 ? { status: 200 } : { status: 206, start: 0, end: sizeBytes - 1 };
  }
  const ranges = parseRange(sizeBytes, header);
  if (ranges === -1) {
    return { status: header.startsWith('bytes=') ? 416 : 200 };
  }
  const [range, another] = ranges === -2 || ranges.type !== 'bytes' ? [] : ranges;
  return range === undefined || another !== undefined ? { status: 200 } : { status: 206, ...range };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
