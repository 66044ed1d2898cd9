import type { ArgumentsHost, HttpException } from '@nestjs/common';
import { throwError } from 'rxjs';

interface SocketClient {
  emit(event: 'exception', answer: object): unknown;
}

/** There is no response to write to outside of HTTP. These are the ways of Nest's own filters for what they do not know. */
export function answerElsewhere(exception: HttpException, host: ArgumentsHost): unknown {
  const answer = { status: 'error', ...(exception.getResponse() as object) };
  switch (host.getType()) {
    case 'rpc':
      return throwError(() => answer);
    case 'ws':
      host.switchToWs().getClient<SocketClient>().emit('exception', answer);
      return undefined;
    default:
      // GraphQL reports what it is given.
      return exception;
  }
}
