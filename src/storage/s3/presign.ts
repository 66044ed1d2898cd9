import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { InvalidKeyError } from '../../errors/invalid-key-error.js';
import { StorageUnusableError } from '../../errors/storage-unusable-error.js';
import { contentDisposition } from '../content-disposition.js';
import type { PresignedWrite, PresignWriteOptions, StorageObject, StorageUrlOptions } from '../storage.js';
import { invalidOption } from './invalid-option.js';
import { s3Fault } from './s3-fault.js';
import type { S3Place } from './s3-place.js';

/** What the signature of S3 allows. */
const expiresInMsMax = 7 * 24 * 60 * 60 * 1000;

/** A URL that reads one object for a while. Asks no server, so it does not know whether the object is there. */
export async function presignRead(
  place: S3Place,
  { key, versionId }: StorageObject,
  { expiresInMs, filename, contentType }: StorageUrlOptions,
): Promise<string> {
  const expiresIn = seconds(expiresInMs);
  const command = new GetObjectCommand({
    Bucket: place.bucket,
    Key: place.objectKey(key),
    VersionId: versionId,
    ResponseContentDisposition:
      filename === undefined ? undefined : contentDisposition('attachment', filename),
    ResponseContentType: contentType,
  });
  const { getSignedUrl } = await presigner(
    () => import('@aws-sdk/s3-request-presigner'),
    's3-request-presigner',
  );
  return explained(place, key, () =>
    getSignedUrl(place.client, command, { expiresIn, signingDate: now(place) }),
  );
}

/**
 * A request or a form that writes one object for a while. The content type is signed. A form carries the largest size, too; a
 * PUT cannot, and is refused by servers that know `If-None-Match` where something lies under the key already.
 */
export async function presignWrite(
  place: S3Place,
  key: string,
  { contentType, maxSizeBytes, expiresInMs, kind }: PresignWriteOptions,
): Promise<PresignedWrite> {
  const expiresIn = seconds(expiresInMs);
  const target = { Bucket: place.bucket, Key: place.objectKey(key) };
  if (!Number.isSafeInteger(maxSizeBytes) || maxSizeBytes < 0) {
    throw invalidOption('maxSizeBytes', maxSizeBytes, 'a whole number of bytes from 0');
  }
  if (kind === 'put') {
    const { getSignedUrl } = await presigner(
      () => import('@aws-sdk/s3-request-presigner'),
      's3-request-presigner',
    );
    const command = new PutObjectCommand({ ...target, ContentType: contentType, IfNoneMatch: '*' });
    // The SDK would sign the checksum of an empty body, which no content has.
    command.middlewareStack.add((next) => (args) => next(withoutChecksum(args)), {
      step: 'build',
      priority: 'low',
    });
    const url = await explained(place, key, () =>
      getSignedUrl(place.client, command, {
        expiresIn,
        signingDate: now(place),
        signableHeaders: new Set(['content-type', 'host', 'if-none-match']),
        unhoistableHeaders: new Set(['if-none-match']),
      }),
    );
    return { method: 'PUT', url, headers: { 'content-type': contentType, 'if-none-match': '*' }, fields: {} };
  }
  if (kind !== 'post') throw invalidOption('kind', kind, "'put' or 'post'");
  if (target.Key.includes('${filename}')) {
    throw new InvalidKeyError(
      `The key '${key}' has '\${filename}' in it, for which S3 puts the client's own name in a form. Take another key.`,
      { context: { key } },
    );
  }
  const { createPresignedPost } = await presigner(
    () => import('@aws-sdk/s3-presigned-post'),
    's3-presigned-post',
  );
  const { url, fields } = await explained(place, key, () =>
    createPresignedPost(place.client, {
      ...target,
      Fields: { 'Content-Type': contentType },
      Conditions: [['content-length-range', 0, maxSizeBytes]],
      Expires: expiresIn,
    }),
  );
  return { method: 'POST', url, headers: {}, fields };
}

/** These packages are needed by nothing else, so they are looked for only now. */
async function presigner<Package>(load: () => Promise<Package>, name: string): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    throw new StorageUnusableError(
      `Signed URLs need the package @aws-sdk/${name}: npm install @aws-sdk/${name}.`,
      { context: { package: `@aws-sdk/${name}` }, cause: error },
    );
  }
}

/** The server's clock as far as the client has learnt it from answers. */
function now({ client }: S3Place): Date {
  return new Date(Date.now() + client.config.systemClockOffset);
}

function seconds(expiresInMs: number): number {
  if (Number.isSafeInteger(expiresInMs) && expiresInMs >= 1000 && expiresInMs <= expiresInMsMax) {
    return Math.floor(expiresInMs / 1000);
  }
  throw invalidOption('expiresInMs', expiresInMs, `a whole number from 1000 to ${expiresInMsMax} (7 days)`);
}

async function explained<Result>(place: S3Place, key: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw s3Fault(error, { place, doing: 'sign a URL for', key });
  }
}

function withoutChecksum<Args extends { request: unknown }>(args: Args): Args {
  const { headers } = args.request as { headers: Record<string, string> };
  for (const name of Object.keys(headers)) {
    if (/^x-amz-(?:checksum-|sdk-checksum-)/.test(name)) delete headers[name];
  }
  return args;
}
