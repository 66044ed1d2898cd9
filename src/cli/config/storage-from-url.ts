import { fileURLToPath } from 'node:url';
import { localStorage } from '../../storage/local/local-storage.js';
import type { FileStorage } from '../../storage/storage.js';
import { UsageError } from '../errors/usage-error.js';

const s3Parameters = ['endpoint', 'region'];

/**
 * A storage by its URL: `file:///srv/media` or `s3://bucket/prefix`, the latter with `?endpoint=…&region=…` where the AWS SDK's own
 * variables do not say them. An endpoint of one's own is addressed by path.
 *
 * @throws UsageError, InvalidOptionError
 */
export async function storageFromUrl(name: string, text: string): Promise<FileStorage> {
  const url = URL.parse(text);
  if (url !== null && (/#/.test(text) || (url.protocol === 'file:' && url.search !== ''))) {
    // Cut off there, the storage would be another, larger place. Not shown: there may be a secret in it.
    throw new UsageError(
      `The storage '${name}': a path ends at # and at ?; write %23 and %3F where they belong to it.`,
    );
  }
  if (url?.protocol === 'file:') {
    return localStorage({ root: filePath(name, url) });
  }
  if (url?.protocol === 's3:' && url.hostname !== '') {
    return s3(name, url);
  }
  throw new UsageError(
    `The storage '${name}': expected file:///path or s3://bucket/prefix, received '${text}'.`,
  );
}

function filePath(name: string, url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new UsageError(
      `The storage '${name}': expected the absolute path of a folder, file:///path, received '${url.href}'.`,
      {
        cause,
      },
    );
  }
}

async function s3(name: string, url: URL): Promise<FileStorage> {
  const unknown = [...url.searchParams.keys()].find((parameter) => !s3Parameters.includes(parameter));
  if (unknown !== undefined || url.username !== '' || url.password !== '') {
    throw new UsageError(
      `The storage '${name}': ${unknown === undefined ? 'credentials do not belong into its URL; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' : `'${unknown}' is unknown; there are ${s3Parameters.join(' and ')}`}.`,
    );
  }
  if (url.port !== '') {
    throw new UsageError(
      `The storage '${name}': '${url.host}' is no bucket; name the server behind it, s3://bucket/prefix?endpoint=https://${url.host}.`,
    );
  }
  const endpoint = url.searchParams.get('endpoint');
  const region = url.searchParams.get('region');
  const prefix = decoded(name, url.pathname.slice(1));
  try {
    // Optional peers: only who names such a storage needs them.
    const [{ S3Client }, { s3Storage }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('../../storage/s3/s3-storage.js'),
    ]);
    const client = new S3Client({
      ...(endpoint && { endpoint, forcePathStyle: true }),
      ...(region && { region }),
    });
    return s3Storage({
      client,
      bucket: url.hostname,
      ...(endpoint && { endpoint }),
      ...(prefix && { prefix }),
    });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND') {
      throw new UsageError(
        `The storage '${name}' needs the AWS SDK: npm install @aws-sdk/client-s3@3 @aws-sdk/lib-storage@3.`,
        { cause },
      );
    }
    throw cause;
  }
}

function decoded(name: string, path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new UsageError(`The storage '${name}': '${path}' has a % that begins no byte; write %25 for it.`, {
      cause,
    });
  }
}
