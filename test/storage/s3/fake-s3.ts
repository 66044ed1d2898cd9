import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface FakeRequest {
  readonly method: string;
  /** The decoded path behind the bucket, which is called `bucket`. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export type FakeAnswer = {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Breaks the connection off after the body. */
  readonly hangUp?: boolean;
};

/** A server on loopback that answers as a test says, for what no real server can be made to answer. */
export class FakeS3 implements AsyncDisposable {
  readonly requests: FakeRequest[] = [];
  readonly client: S3Client;

  private constructor(
    private readonly server: Server,
    config: S3ClientConfig,
  ) {
    this.client = new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      forcePathStyle: true,
      maxAttempts: 1,
      ...config,
    });
  }

  static async start(
    answer: (request: FakeRequest) => FakeAnswer,
    config: S3ClientConfig = {},
  ): Promise<FakeS3> {
    const server = createServer((request, response) => void fake.#serve(request, response, answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const fake = new FakeS3(server, config);
    return fake;
  }

  /** Connections that are open now. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    answer: (request: FakeRequest) => FakeAnswer,
  ): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const key = decodeURIComponent(url.pathname.replace(/^\/bucket\/?/, ''));
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return; // The client broke off.
    const seen = { method: request.method ?? '', key, query: url.searchParams, body };
    // Asked beside other requests, at most once a minute.
    if (seen.query.has('versioning')) return void response.end('<VersioningConfiguration/>');
    this.requests.push(seen);
    const { status = 200, headers = {}, body: content = '', hangUp = false } = answer(seen);
    response.writeHead(status, headers);
    if (!hangUp) return void response.end(content);
    response.write(content, () => response.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export function errorAnswer(status: number, code: string, message = 'as planned'): FakeAnswer {
  return { status, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` };
}

/** The keys of a DeleteObjects request. */
export function keysOf({ body }: FakeRequest): string[] {
  return [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? '');
}

export function deleteAnswer(
  deleted: readonly string[],
  errors: Readonly<Record<string, string>> = {},
): FakeAnswer {
  const gone = deleted.map((key) => `<Deleted><Key>${key}</Key></Deleted>`);
  const failed = Object.entries(errors).map(
    ([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>as planned</Message></Error>`,
  );
  return { body: `<DeleteResult>${[...gone, ...failed].join('')}</DeleteResult>` };
}
