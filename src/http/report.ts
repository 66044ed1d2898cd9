import { type HttpException, Logger } from '@nestjs/common';
import type { FileRegistryError } from '../errors/file-registry-error.js';
import { httpExceptionOf } from './http-exception-of.js';
import type { HttpResponse } from './http-message.js';

/** How long a client should wait before it asks again. */
const retryAfterSeconds = 1;

const logger = new Logger('FileRegistry');

/** The answer to an error. What is the server's fault is logged, because Nest logs no `HttpException`. */
export function report(error: FileRegistryError, response?: HttpResponse): HttpException {
  const exception = httpExceptionOf(error);
  const status = exception.getStatus();
  if (status === 503) {
    logger.warn(`${error.code}: ${error.message}`);
    response?.header('Retry-After', String(retryAfterSeconds));
  } else if (status >= 500) {
    logger.error(`${error.code}: ${error.message}`, error.stack);
  }
  return exception;
}
