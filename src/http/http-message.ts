/** What is needed of a request. Those of Express and Fastify are such, so that neither has to be installed. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What is needed of a response: `@Res({ passthrough: true })` of Express and of Fastify. */
export interface HttpResponse {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

interface Closing {
  readonly destroyed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Calls back once the response has been sent or its client has gone, also where that was before. */
export function onClose(response: HttpResponse, listener: () => void): void {
  const { raw } = response as { raw?: unknown };
  const closing = (raw ?? response) as Closing;
  if (closing.destroyed === true) {
    listener();
  } else if (typeof closing.once === 'function') {
    closing.once('close', listener);
  }
}
