import type { S3Client } from '@aws-sdk/client-s3';
import { refuseUnknownOptions } from '../../options/refuse-unknown-options.js';
import { keyFault } from '../assert-key.js';
import type { FileStorage } from '../storage.js';
import { checkBucket } from './check-bucket.js';
import { deleteObjects } from './delete-objects.js';
import { invalidOption } from './invalid-option.js';
import { listObjects } from './list-objects.js';
import { presignRead, presignWrite } from './presign.js';
import { readObject } from './read-object.js';
import { S3Place } from './s3-place.js';
import { statObject } from './stat-object.js';
import { writeObject } from './write-object.js';

const mebibyte = 1024 * 1024;
const partSizeBytesDefault = 8 * mebibyte;
const partSizeBytesMin = 5 * mebibyte;
const partSizeBytesMax = 5 * 1024 * mebibyte;
const uploadConcurrencyDefault = 4;
const uploadConcurrencyMax = 64;
const deleteConcurrencyDefault = 16;
const deleteConcurrencyMax = 256;
const prefixBytesMax = 512;
const optionNames = {
  client: true,
  bucket: true,
  prefix: true,
  endpoint: true,
  partSizeBytes: true,
  uploadConcurrency: true,
  deleteConcurrency: true,
} as const satisfies Record<keyof S3StorageOptions, true>;

export interface S3StorageOptions {
  /** Of `@aws-sdk/client-s3`, with the endpoint, region and credentials it needs. Never destroyed by the storage. */
  readonly client: S3Client;
  readonly bucket: string;
  /**
   * Where in the bucket: a path such as `images` or `shop/images/`, at most 512 bytes. A `/` is put behind it, so that `images`
   * never sees `images2/`. Default: the whole bucket.
   */
  readonly prefix?: string | undefined;
  /**
   * The URL of the client's endpoint, to tell servers apart that have buckets of the same name: storages that lie over one place
   * are refused, and a client cannot say its endpoint in time. `check` compares it with the client's own. Default: AWS for a client
   * without an endpoint; one with an endpoint may reach any server, so that no other storage may have a bucket of the same name.
   */
  readonly endpoint?: string | undefined;
  /**
   * Size of a part of a large upload in bytes. Default 8 MiB, from 5 MiB to 5 GiB. S3 takes 10,000 parts, so the largest object
   * has 10,000 times as much: 78 GiB by default. An upload holds so much for each of `uploadConcurrency` parts in memory.
   */
  readonly partSizeBytes?: number | undefined;
  /** Parts of one upload that are sent at a time. Default 4, from 1 to 64. */
  readonly uploadConcurrency?: number | undefined;
  /** Single calls of one deletion at a time, where no bulk call will do. Default 16, from 1 to 256. */
  readonly deleteConcurrency?: number | undefined;
}

/**
 * Keeps files in a bucket of S3, or of whatever speaks its language: Ceph, MinIO, R2. The bucket must exist. In a bucket that
 * keeps versions the exact version is deleted, because a delete marker leaves the bytes; where no version is known every
 * version of the key goes. Throws `InvalidOptionError`; the bucket itself is looked at by `check`.
 *
 * ```ts
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { s3Storage } from 'nestjs-file-registry/s3';
 *
 * storages: { media: s3Storage({ client: new S3Client({ region: 'eu-central-1' }), bucket: 'media' }) }
 * ```
 */
export function s3Storage(options: S3StorageOptions): FileStorage {
  const { place, partSizeBytes, uploadConcurrency, concurrency } = checked(options);
  return {
    location: place.location,
    check: () => checkBucket(place),
    write: (key, content, writeOptions) =>
      writeObject(place, key, content, { ...writeOptions, partSizeBytes, uploadConcurrency }),
    read: (object, readOptions) => readObject(place, object, readOptions),
    stat: async (object) => statObject(place, object),
    list: (listOptions) => listObjects(place, listOptions),
    delete: (objects, { signal } = {}) => deleteObjects(place, objects, { concurrency, signal }),
    url: async (object, urlOptions) => presignRead(place, object, urlOptions),
    presignWrite: async (key, writeOptions) => presignWrite(place, key, writeOptions),
  };
}

function checked(options: S3StorageOptions) {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('s3Storage', options, "options, e.g. { client, bucket: 'media' }");
  }
  refuseUnknownOptions(options, optionNames);
  const { client, bucket, prefix, endpoint } = options;
  if (typeof client !== 'object' || client === null || typeof client.send !== 'function') {
    throw invalidOption('client', client, 'an S3Client of @aws-sdk/client-s3');
  }
  if (typeof bucket !== 'string' || bucket.trim() === '') {
    throw invalidOption('bucket', bucket, "the name of a bucket, e.g. 'media'");
  }
  if (endpoint !== undefined && URL.parse(String(endpoint)) === null) {
    throw invalidOption('endpoint', endpoint, "a URL, e.g. 'https://s3.example.org'");
  }
  const number = (name: keyof S3StorageOptions, fallback: number, min: number, max: number): number => {
    const value = options[name] ?? fallback;
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    throw invalidOption(name, value, `a whole number from ${min} to ${max}`);
  };
  return {
    place: new S3Place(client, bucket, checkedPrefix(prefix), endpoint),
    partSizeBytes: number('partSizeBytes', partSizeBytesDefault, partSizeBytesMin, partSizeBytesMax),
    uploadConcurrency: number('uploadConcurrency', uploadConcurrencyDefault, 1, uploadConcurrencyMax),
    concurrency: number('deleteConcurrency', deleteConcurrencyDefault, 1, deleteConcurrencyMax),
  };
}

function checkedPrefix(prefix: unknown): string {
  if (prefix === undefined) return '';
  const path = typeof prefix === 'string' ? prefix.replace(/\/$/, '') : '';
  if (keyFault(path) === undefined && Buffer.byteLength(path) < prefixBytesMax) return `${path}/`;
  throw invalidOption(
    'prefix',
    prefix,
    `a relative path of at most ${prefixBytesMax} bytes without empty segments, '.' and '..', e.g. 'images'; leave it out for the whole bucket`,
  );
}
