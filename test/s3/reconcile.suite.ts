import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ReconcileFinding } from 'nestjs-file-registry';
import { s3Storage } from 'nestjs-file-registry/s3';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { CompiledProgram } from '../cli/support/compiled-program.js';
import { Arena } from '../reconcile/support/arena.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { testClient } from './support/test-client.js';

const client = testClient();
afterAll(() => client.destroy());
const server = inject('s3');
const program = await CompiledProgram.create();
const now = { minAgeMs: 0 } as const;
const adopting = { ...now, fix: 'adopt', force: true } as const;

/** A registry over a prefix of its own, and ways past it into the bucket. */
async function place(Bucket: string) {
  const prefix = `reconcile/${randomUUID()}`;
  const storage = s3Storage({ client, bucket: Bucket, prefix });
  // Whose prefix begins with this one; nobody may ever see it.
  await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}2/neighbour`, Body: Buffer.from('x') }));
  const registry = await createTestRegistry({ storages: { media: storage } });
  return {
    registry,
    prefix,
    arena: new Arena(registry, storage, undefined),
    put: (key: string, Body: string) =>
      client.send(new PutObjectCommand({ Bucket, Key: `${prefix}/${key}`, Body: Buffer.from(Body) })),
    /** With a version those bytes; without one the object, which leaves a marker where the bucket keeps versions. */
    remove: (key: string, VersionId?: string) =>
      client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}/${key}`, VersionId })),
    async versions(): Promise<string[]> {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: `${prefix}/` }),
      );
      return [
        ...Versions.map(({ Key = '' }) => Key.slice(prefix.length + 1)),
        ...DeleteMarkers.map(({ Key = '' }) => `marker of ${Key.slice(prefix.length + 1)}`),
      ].sort();
    },
  };
}

// Registries close with the test file, so they are made at its top.
const plain = await place(server.plain);
const versioned = await place(server.versioned);
const layered = await place(server.versioned);
const commanded = await place(server.versioned);
const broken = await place(server.plain);

const told = (findings: readonly ReconcileFinding[]) =>
  findings.map((finding) => `${finding.kind} ${finding.kind === 'obstacle' ? finding.path : finding.key}`);

describe.each([
  ['a plain bucket', plain],
  ['a bucket that keeps versions', versioned],
])('in %s', (_bucket, { registry, arena, put, remove, versions }) => {
  test('orphans, dangling files and names that no key can have are told apart, and nothing else is found', async () => {
    const kept = await registry.store('kept');
    const lost = await registry.store('lost');
    await remove(lost.key, lost.versionId ?? undefined);
    const orphans = ['a-b', 'a/b', 'a0', 'blank +%2F?#&ü😀.txt', 'empty'];
    for (const key of orphans) await put(key, key === 'empty' ? '' : 'left behind');
    const unusable = ['back\\slash', 'folder/', 'line\nbreak', 'two//slashes', `${'n'.repeat(256)}`];
    for (const key of unusable) await put(key, 'x');

    const findings = await arena.findings(now);
    expect(told(findings).sort()).toEqual(
      [
        `dangling ${lost.key}`,
        ...orphans.map((key) => `orphan ${key}`),
        ...unusable.map((key) => `obstacle ${key}`),
      ].sort(),
    );
    expect((await buffer(await registry.files.read(kept))).toString()).toBe('kept');

    const half = await arena.findings({ ...now, after: 'a/b', prefix: 'a' });
    expect(told(half)).toEqual(['orphan a0']);

    expect(await arena.reconcile(adopting)).toMatchObject({ adopted: orphans.length, recovered: 0, left: 0 });
    expect((await arena.reconcile(now)).orphans.count).toBe(0);
    await registry.passTime('25 hours');
    expect(await registry.processor.drain()).toMatchObject({ deleted: orphans.length + 2 });
    expect(await versions()).toEqual(unusable.toSorted());
    for (const key of unusable) await put(key, '').then(({ VersionId }) => remove(key, VersionId));
    await arena.assertLaws();
  });
});

test('in a plain bucket an object that was replaced under its key is a mismatch', async () => {
  const { registry, arena, put } = plain;
  const [longer, other] = [await registry.store('first'), await registry.store('first')];
  await put(longer.key, 'longer than the first');
  await put(other.key, 'other');
  const ofSize = await arena.findings({ ...now, prefix: longer.key });
  expect(ofSize).toMatchObject([{ kind: 'mismatch', of: 'size', expected: 5, actual: 21 }]);
  expect(await arena.findings({ ...now, prefix: other.key })).toEqual([]);
  expect(await arena.findings({ ...now, prefix: other.key, verify: 'checksum' })).toMatchObject([
    { kind: 'mismatch', of: 'checksum', key: other.key },
  ]);
});

test('in a bucket that keeps versions a file is its version: markers and newer versions over it harm nothing', async () => {
  const { registry, arena, put, remove } = versioned;
  const [hidden, covered, lost] = [
    await registry.store('hidden'),
    await registry.store('covered'),
    await registry.store('lost'),
  ];
  await remove(hidden.key);
  await put(covered.key, 'something longer over it');
  await put(lost.key, 'lost');
  await remove(lost.key, lost.versionId ?? (await arena.storage.stat({ key: lost.key }))?.versionId);
  for (const { key } of [hidden, covered]) {
    expect(await arena.findings({ ...now, prefix: key, verify: 'checksum' })).toEqual([]);
  }
  // The size is right, but it is another version's.
  expect(await arena.findings({ ...now, prefix: lost.key, verify: 'checksum' })).toMatchObject([
    { kind: 'dangling', key: lost.key },
  ]);
});

test('an orphan is adopted as the version it is; one below a delete marker is none', async () => {
  const { registry, arena, put, remove, versions } = layered;
  await put('twice', 'older');
  await put('twice', 'newer');
  await put('marked', 'x');
  await remove('marked');
  expect(await arena.reconcile(adopting)).toMatchObject({ adopted: 1, adoptedBytes: 5 });
  const row = await registry.tables.selectFrom('files').selectAll().executeTakeFirstOrThrow();
  expect(row.version_id).toBe((await arena.storage.stat({ key: 'twice' }))?.versionId);
  await registry.passTime('25 hours');
  await registry.processor.drain();
  expect(await versions()).toEqual(['marked', 'marker of marked', 'twice']);
});

test('the command line reconciles a bucket that its environment names, and says how things stand', async () => {
  const { registry, prefix, put, remove, arena } = commanded;
  const lost = await registry.store('lost');
  await registry.store('kept');
  await remove(lost.key, lost.versionId ?? undefined);
  await put('left/be hind+ü.txt', 'orphan');
  const parameters = new URLSearchParams({ endpoint: server.endpoint, region: server.region });
  const env = {
    DATABASE_URL: registry.database.connectionString,
    FILE_REGISTRY_STORAGE_MEDIA: `s3://${server.versioned}/${prefix}?${parameters}`,
    FILE_REGISTRY_GRACE_PERIOD_MS: '86400000',
    FILE_REGISTRY_UNATTACHED_TTL_MS: '86400000',
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  };
  const found = await program.run(['reconcile', '--json', '--min-age-ms', '0'], { env });
  expect(found).toMatchObject({ exitCode: 3, stderr: '' });
  expect(JSON.parse(found.stdout)).toMatchObject({
    storage: 'media',
    orphans: { count: 1, samples: [{ key: 'left/be hind+ü.txt', sizeBytes: 6 }] },
    dangling: { count: 1, samples: [{ fileId: lost.id }] },
    mismatches: { count: 0 },
    obstacles: { count: 0 },
  });
  const fixed = await program.run(['reconcile', '--json', '--fix', '--yes', '--force', '--min-age-ms', '0'], {
    env,
  });
  expect(JSON.parse(fixed.stdout)).toMatchObject({ adopted: 1, dangling: { count: 1 } });
  const status = await program.run(['status', '--json'], { env });
  expect(status).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(status.stdout)).toMatchObject({ pending: 3, stuck: 0 });
  expect(await arena.rowKeys()).toContain('left/be hind+ü.txt');

  const wrong = await program.run(['reconcile', '--json'], {
    env: { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' },
  });
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stdout + wrong.stderr).toContain('credentials of an identity');
});

test('a listing that loses its connection halfway is taken up behind the last key', async () => {
  const { registry, arena, put } = broken;
  const keys = Array.from({ length: 12 }, (_, n) => `many/${String(n).padStart(2, '0')}`);
  for (const key of keys) await put(key, 'x');
  await registry.store('known');
  const { storage } = arena;
  let lists = 0;
  const list: typeof storage.list = async function* (options) {
    const rest = lists++ % 2 === 0 ? 3 : 5;
    let n = 0;
    for await (const object of s3List(options)) {
      if (n++ === rest) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      yield object;
    }
  };
  const s3List = storage.list.bind(storage);
  Object.assign(storage, { list });
  const report = await arena.reconcile(now);
  expect(report.orphans.samples.map(({ key }) => key)).toEqual(keys);
  expect(report.objects).toBe(keys.length + 1);
  expect(lists).toBeGreaterThan(2);
});

test('streams that nobody reads to the end hold no connection', async () => {
  const { registry } = plain;
  const file = await registry.store('x'.repeat(500_000));
  // More than the client has sockets.
  for (let n = 0; n < 120; n++) {
    const stream = (await registry.files.read(file)) as Readable;
    stream.destroy();
  }
  expect((await buffer(await registry.files.read(file))).length).toBe(500_000);
});
