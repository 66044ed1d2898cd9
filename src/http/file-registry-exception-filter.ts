import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FileRegistryError } from '../errors/file-registry-error.js';
import { answerElsewhere } from './answer-elsewhere.js';
import type { HttpResponse } from './http-message.js';
import { report } from './report.js';

/**
 * Answers errors of the registry that nobody caught with the status of `httpExceptionOf`, with `Retry-After` where another try may
 * help, and logs those from 500 on. Over GraphQL, microservices and web sockets it gives the same words in their way.
 *
 * ```ts
 * providers: [{ provide: APP_FILTER, useClass: FileRegistryExceptionFilter }]
 * ```
 */
@Catch(FileRegistryError)
export class FileRegistryExceptionFilter implements ExceptionFilter<FileRegistryError> {
  constructor(@Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost) {}

  catch(error: FileRegistryError, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') {
      return answerElsewhere(report(error), host);
    }
    const { httpAdapter } = this.adapterHost;
    const response = host.switchToHttp().getResponse<HttpResponse>();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return undefined;
    }
    const exception = report(error, response);
    httpAdapter.reply(response, exception.getResponse(), exception.getStatus());
    return undefined;
  }
}
