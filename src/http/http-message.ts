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

/** Node's own response, on Express the response itself. */
interface RawResponse {
  readonly destroyed?: boolean;
  once?(event: 'close', listener: () => void): unknown;
  destroy?(): unknown;
}

/** Calls back once the response has been sent or its client has gone, also where that was before. */
export function onClose(response: HttpResponse, listener: () => void): void {
  const raw = rawOf(response);
  if (raw.destroyed === true) {
    listener();
  } else {
    raw.once?.('close', listener);
  }
}

/** Closes the connection: what a client got of the answer never looks whole to it. */
export function breakOff(response: HttpResponse): void {
  rawOf(response).destroy?.();
}

function rawOf(response: HttpResponse): RawResponse {
  return ((response as { raw?: unknown }).raw ?? response) as RawResponse;
}
