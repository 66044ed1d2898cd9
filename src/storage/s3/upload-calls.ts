import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { fromS3 } from './from-s3.js';
import { lastCall } from './last-call.js';

/** Its `send` is generic over every command; what matters here is that something goes in and comes out. */
type Send = (command: unknown, options?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>;

/**
 * Stands between lib-storage's Upload and the client. Upload goes on reading the content when a part has failed, cannot end a
 * request, and may reject while requests are under way; this ends them all at the first failure and remembers what may be left.
 */
export class UploadCalls {
  readonly client: S3Client;
  /** A multipart upload was begun, or nobody knows whether. */
  mayHaveParts = false;
  /** A request that makes the object visible was sent, and nobody knows what became of it if it failed. */
  mayBeVisible = false;
  readonly #stop = new AbortController();
  readonly #last = lastCall(this.#stop.signal);
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    client: S3Client,
    private readonly onFailure: (error: unknown) => void,
  ) {
    const send = client.send.bind(client) as Send;
    this.client = new Proxy(client, {
      get: (target, name) => {
        if (name === 'send') return (command: unknown) => this.#track(() => this.#send(send, command));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Ends what is under way; nothing more is sent but giving the upload up. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #send(send: Send, command: unknown): Promise<unknown> {
    const last = { abortSignal: this.#last.signal };
    if (command instanceof AbortMultipartUploadCommand) return send(command, last);
    this.#stop.signal.throwIfAborted();
    if (command instanceof CreateMultipartUploadCommand) {
      // Not ended at once: an upload that begins behind the listing of those to be given up would stay.
      this.mayHaveParts = true;
      return fromS3((await send(command, last)) as CreateMultipartUploadCommandOutput, 'UploadId');
    }
    if (command instanceof PutObjectCommand || command instanceof CompleteMultipartUploadCommand) {
      this.mayBeVisible = true;
    }
    const answer = await send(command, { abortSignal: this.#stop.signal });
    return fromS3(answer as PutObjectCommandOutput, 'ETag');
  }

  #track(call: () => Promise<unknown>): Promise<unknown> {
    const answer = call();
    this.#underWay.add(answer);
    answer
      .catch((error: unknown) => {
        this.onFailure(error);
        this.stop(error);
      })
      .finally(() => this.#underWay.delete(answer));
    return answer;
  }
}
