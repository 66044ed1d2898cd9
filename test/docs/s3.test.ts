import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { s3Storage } from 'nestjs-file-registry/s3';
import { expect, test } from 'vitest';
import { docsBlocks, pages } from '../examples/docs.js';
import { project } from '../examples/run-script.js';

const folder = join(project, 'src/storage/s3');
const code = readdirSync(folder)
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');
const text = pages.get('s3.md') ?? '';
const names = (pattern: RegExp, inText: string) =>
  [...new Set(Array.from(inText.matchAll(pattern), ([, name = '']) => name))].toSorted();
const section = (heading: string) =>
  text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
const json = docsBlocks('s3.md')
  .filter(({ language }) => language === 'json')
  .map((block) => JSON.parse(block.code));
const client = new S3Client({
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

test('every option has a row, with the limits of the code', () => {
  const [, declared = ''] = code.match(/^export interface S3StorageOptions ([^]*?)^}/m) ?? [];
  expect(names(/^\| `(\w+)`/gm, section('Options'))).toEqual(names(/^ {2}readonly (\w+)\??:/gm, declared));

  const MiB = 2 ** 20;
  const limits = {
    partSizeBytes: [5 * MiB, 5 * 1024 * MiB],
    uploadConcurrency: [1, 64],
    deleteConcurrency: [1, 256],
  };
  for (const [name, [min = 0, max = 0]] of Object.entries(limits)) {
    const unit = (value: number) =>
      value >= 1024 * MiB ? `${value / 1024 / MiB} GiB` : value >= MiB ? `${value / MiB} MiB` : String(value);
    const range = name === 'partSizeBytes' ? `${unit(min)} to ${unit(max)}` : `${min} to ${max}`;
    expect(section('Options')).toMatch(new RegExp(`^\\| \`${name}\` .*\\| ${range} +\\|`, 'm'));
    const storage = (value: number) => () => s3Storage({ client, bucket: 'media', [name]: value });
    expect(storage(min)).not.toThrow();
    expect(storage(max)).not.toThrow();
    expect(storage(min - 1)).toThrow(`a whole number from ${min} to ${max}`);
    expect(storage(max + 1)).toThrow(name);
  }
  expect(code).toContain('partSizeBytesDefault = 8 * mebibyte');
  expect(code).toContain('uploadConcurrencyDefault = 4');
  expect(code).toContain('deleteConcurrencyDefault = 16');
});

test('every call has its permission, and the policy has each of them', () => {
  const calls = names(/\bnew (\w+)Command\(/g, code);
  expect(calls.length).toBeGreaterThan(10);
  const table =
    section('Permissions')
      .match(/^\|.*\|$/gm)
      ?.join('\n') ?? '';
  // Those of a multipart upload are made by @aws-sdk/lib-storage.
  const named = names(/`([A-Z]\w+)`/g, table);
  expect(named).toEqual(
    [...calls, 'CompleteMultipartUpload', 'UploadPart', 'PutObject'].filter(unique).toSorted(),
  );
  const allowed = json[0].Statement.flatMap(({ Action }: { Action: string[] }) => Action);
  expect(allowed.toSorted()).toEqual(names(/`(s3:\w+)`/g, table));
});

test('CORS allows the headers that a direct upload is sent with', async () => {
  const write = { contentType: 'image/png', maxSizeBytes: 10, expiresInMs: 60_000 };
  const upload = await s3Storage({ client, bucket: 'media' }).presignWrite?.('key', {
    ...write,
    kind: 'put',
  });
  expect(json[1].CORSRules[0].AllowedHeaders).toEqual(Object.keys(upload?.headers ?? {}));
});

function unique(value: string, index: number, list: readonly string[]): boolean {
  return list.indexOf(value) === index;
}
