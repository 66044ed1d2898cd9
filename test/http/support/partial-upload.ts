import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { until } from '../../registry/until.js';
import type { HttpApp } from './http-app.js';

const boundary = 'boundary-of-a-form';
const head = [
  `--${boundary}`,
  'Content-Disposition: form-data; name="cover"; filename="cover.png"',
  'Content-Type: image/png',
  '',
  '',
].join('\r\n');

/** An upload of which a part was sent and the rest is still to come. */
export function partialUpload(url: string) {
  const sending = request(url, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    agent: false,
  });
  sending.on('error', () => undefined);
  sending.write(head);
  sending.write(randomBytes(500_000));
  return {
    /** Resolves once bytes of it are in the storage. */
    arrives: (app: HttpApp) => until('bytes of the upload arrive', () => app.openFiles().length > 0),

    destroy: () => sending.destroy(),

    /** Ends the request as if that were all, and answers the status. */
    async end(): Promise<number | undefined> {
      const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
      sending.end();
      const [response] = await answered;
      response.resume();
      return response.statusCode;
    },
  };
}
