import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { FileRegistryError } from '../errors/file-registry-error.js';

/** What a client did, or can do something about. Other codes are 503 where trying again may help, else 500. */
const statuses: Readonly<Record<string, number>> = {
  FILE_NOT_FOUND: 404,
  FILE_CONDEMNED: 404,
  CONTENT_TOO_LARGE: 413,
  CONTENT_TYPE_NOT_ALLOWED: 415,
  INVALID_FILE_ID: 400,
  INVALID_FILENAME: 400,
  INVALID_HOLD_REASON: 400,
  INVALID_IMAGE: 422,
  INVALID_METADATA: 400,
  INVALID_OWNER: 400,
  INVALID_RANGE: 416,
  INVALID_RENDITION_SPEC: 400,
  FILE_HELD: 409,
  KEY_BUSY: 409,
  RENDITION_LIMIT: 409,
  UPLOAD_ABORTED: 400,
  UPLOAD_EXPIRED: 408,
  UPLOAD_FAILED: 400,
  UPLOAD_INCOMPLETE: 409,
};

/**
 * The answer to an error of the registry, as Nest's own exceptions give it. Its body has the status, its usual words and, below
 * 500, the error's `code`; never the message, which speaks to developers. The error itself is the `cause`.
 *
 * 4xx is what the client did; 503 is worth another try; `BYTES_MISSING` and all that somebody has to mend first is 500.
 */
export function httpExceptionOf(error: FileRegistryError): HttpException {
  const status = statusOf(error);
  const message = STATUS_CODES[status] ?? 'Error';
  const body =
    status < 500 ? { statusCode: status, message, code: error.code } : { statusCode: status, message };
  return new HttpException(body, status, { cause: error });
}

function statusOf(error: FileRegistryError): number {
  // A picture that cannot be made because its original is none is the uploader's doing.
  const code = error.code === 'RENDITION_FAILED' ? String(error.context.code) : error.code;
  return statuses[code] ?? (error.kind === 'retryable' ? 503 : 500);
}
