import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { InvalidOptionError } from '../../../src/errors/invalid-option-error.js';
import { StorageUnusableError } from '../../../src/errors/storage-unusable-error.js';
import { s3Storage, type S3StorageOptions } from '../../../src/storage/s3/index.js';
import type { FileStorage } from '../../../src/storage/storage.js';
import { StorageMap } from '../../../src/storage/storage-map.js';

const client = new S3Client({ region: 'us-east-1', endpoint: 'https://s3.example.org:9000' });
const at = (options: Partial<S3StorageOptions> = {}) => s3Storage({ client, bucket: 'bucket', ...options });

test.each([
  ['client', undefined],
  ['client', {}],
  ['bucket', ''],
  ['bucket', undefined],
  ['prefix', ''],
  ['prefix', '/'],
  ['prefix', '/images'],
  ['prefix', 'a/../b'],
  ['prefix', './a'],
  ['prefix', 'a//b'],
  ['prefix', 'a\nb'],
  ['prefix', 'x/'.repeat(300)],
  ['prefix', 5],
  ['endpoint', 'no url'],
  ['partSizeBytes', 1024],
  ['uploadConcurrency', 0],
  ['deleteConcurrency', 1000],
])('`%s` refuses %j', (option, value) => {
  expect(() => at({ [option]: value })).toThrow(InvalidOptionError);
  expect(() => at({ [option]: value })).toThrow(option);
});

test('the location names endpoint, bucket and prefix, which ends at a slash', () => {
  const endpoint = 'https://s3.example.org:9000/';
  expect(at().location).toBe('s3://*/bucket/');
  expect(at({ endpoint }).location).toBe('s3://s3.example.org:9000/bucket/');
  expect(at({ endpoint, prefix: 'images' }).location).toBe('s3://s3.example.org:9000/bucket/images/');
  expect(at({ prefix: 'images/' }).location).toBe(at({ prefix: 'images' }).location);
  const aws = new S3Client({ region: 'eu-central-1' });
  expect(at({ client: aws }).location).toBe('s3://amazonaws.com/bucket/');
});

test('two storages over one place are refused, side by side they are not', () => {
  const map = (one: Partial<S3StorageOptions>, other: Partial<S3StorageOptions>) => () =>
    new StorageMap({ storages: { one: at(one), other: at(other) }, defaultStorage: 'one' });
  expect(map({}, { prefix: 'images' })).toThrow(StorageUnusableError);
  expect(map({ prefix: 'images/' }, { prefix: 'images' })).toThrow(StorageUnusableError);
  expect(map({ prefix: 'images' }, { prefix: 'images/small' })).toThrow(StorageUnusableError);
  expect(map({ prefix: 'images' }, { prefix: 'images2' })).not.toThrow();
  expect(map({}, { bucket: 'bucket2' })).not.toThrow();
  expect(map({ endpoint: 'https://one' }, { endpoint: 'https://other' })).not.toThrow();
});

test("an endpoint that is not the client's is found by check", async () => {
  await expect(at({ endpoint: 'https://other.example.org' }).check()).rejects.toThrow(StorageUnusableError);
});

test('one bucket under two names of its server is refused, and so is a server that may be any', () => {
  const aws = new S3Client({ region: 'eu-central-1' });
  const named = (endpoint: string) => at({ endpoint });
  const beside = (one: FileStorage, other: FileStorage) => () =>
    new StorageMap({ storages: { one, other }, defaultStorage: 'one' });

  for (const endpoint of ['https://s3.example.org:9000', 'https://elsewhere']) {
    expect(beside(at(), named(endpoint))).toThrow('name the endpoint of each');
    expect(beside(named(endpoint), at({ prefix: 'images' }))).toThrow('name the endpoint of each');
    expect(beside(at({ prefix: 'images' }), at({ endpoint, prefix: 'images2' }))).not.toThrow();
    expect(beside(at(), at({ endpoint, bucket: 'other' }))).not.toThrow();
  }
  for (const host of [
    's3.amazonaws.com',
    's3.eu-central-1.amazonaws.com',
    's3-eu-west-1.amazonaws.com',
    's3.dualstack.eu-west-1.amazonaws.com',
    'bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com',
    's3.eu-west-1.api.aws',
  ])
    expect(beside(at({ client: aws }), named(`https://${host}`)), host).toThrow(StorageUnusableError);
  expect(beside(at({ client: aws }), at())).toThrow('name the endpoint of each');
  for (const host of ['mine.elb.amazonaws.com', 's3.example.org', 'amazonaws.com.example.org'])
    expect(beside(at({ client: aws }), named(`https://${host}`)), host).not.toThrow();
});
