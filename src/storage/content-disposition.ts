import { create } from 'content-disposition';

/** The header that says whether a browser shows an answer or saves it, and under which name, in UTF-8 and in ASCII (RFC 6266). */
export function contentDisposition(type: 'inline' | 'attachment', filename: string | undefined): string {
  // Half a surrogate pair cannot be encoded.
  return create(filename?.toWellFormed(), { type });
}
