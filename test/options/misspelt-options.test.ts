import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import {
  AfterFileDelete,
  BeforeFileDelete,
  csvRows,
  FileImporter,
  FileReconciler,
  localStorage,
  migrate,
  migrationSql,
  OnFileDeleteFailed,
  trackedColumns,
  trackFileColumn,
  trackFileColumnSql,
  untrackFileColumn,
  untrackFileColumnSql,
  up,
} from 'nestjs-file-registry';
import { sendFile, uploadStorage } from 'nestjs-file-registry/http';
import { openTelemetry } from 'nestjs-file-registry/opentelemetry';
import { s3Storage } from 'nestjs-file-registry/s3';
import { sharpMaker } from 'nestjs-file-registry/sharp';
import { memoryStorage } from 'nestjs-file-registry/testing';
import { expect, test } from 'vitest';
import { resolveHealthThresholds } from '../../src/health/health-thresholds.js';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry({ renditions: { sets: { list: [{ size: 'thumbnail-9x9' }] } } });
const { files, processor, module, db, pool, media } = registry;
const file = await registry.store();

/** In the wrong place, where no message may show it. */
const secret = 'hunter2';
const column = { table: 'article', column: 'cover_id' };
const mapping = { key: 'key', ownerType: 'type', ownerId: 'id', slot: 'slot' };
const base = { database: pool, storages: { media: memoryStorage() } };

// Options of any kind, which the types would refuse.
const takers: Readonly<Record<string, [option: string, take: (options: any) => unknown]>> = {
  forRoot: ['gracePeriod', (options) => resolveOptions({ ...base, ...options })],
  processor: ['processor.interval', (options) => resolveOptions({ ...base, processor: options })],
  renditions: ['renditions.timeout', (options) => resolveOptions({ ...base, renditions: options })],
  ownerTypes: ['ownerTypes.ignored', (options) => resolveOptions({ ...base, ownerTypes: options })],
  store: ['fileName', (options) => files.store(Buffer.from('x'), options)],
  adopt: ['fileName', (options) => files.adopt('a.jpg', options)],
  reserveUpload: ['expiresIn', (options) => files.reserveUpload(options)],
  confirmUpload: ['metaData', (options) => files.confirmUpload(file, options)],
  move: ['abortSignal', (options) => files.move(file, 'media', options)],
  references: ['limits', (options) => files.references(file, options)],
  read: ['from', (options) => files.read(file, options)],
  url: ['expiresIn', (options) => files.url(file, options)],
  erase: ['redacted', (options) => db.transaction().execute((trx) => files.in(trx).erase(file, options))],
  storeRendition: [
    'fileName',
    (options) => files.storeRendition(file, { size: 'x' }, Buffer.from('x'), options),
  ],
  rendition: ['abortSignal', (options) => files.rendition(file, { size: 'thumbnail-9x9' }, options)],
  warm: ['concurrent', (options) => files.warm('list', [file], options)],
  import: ['dryrun', (options) => module.get(FileImporter).import([], options)],
  csvRows: ['mapping.fileName', (options) => csvRows(Readable.from([]), { ...mapping, ...options }).next()],
  reconcile: ['exlude', (options) => module.get(FileReconciler).reconcile(options)],
  verify: ['owners', (options) => processor.verify(options)],
  health: ['maxAge', (options) => processor.health(options)],
  isHealthy: ['stuckMax', (options) => resolveHealthThresholds(options)],
  BeforeFileDelete: ['@BeforeFileDelete: olny', (options) => BeforeFileDelete(options)],
  AfterFileDelete: ['@AfterFileDelete: ingore', (options) => AfterFileDelete(options)],
  OnFileDeleteFailed: ['@OnFileDeleteFailed: timeout', (options) => OnFileDeleteFailed(options)],
  trackFileColumn: ['guard', (options) => trackFileColumn(pool, { ...column, ...options })],
  'a table': [
    'table.shema',
    (table) => trackFileColumn(pool, { ...column, table: { name: 'article', ...table } }),
  ],
  trackFileColumnSql: ['guard', (options) => trackFileColumnSql({ ...column, ...options })],
  untrackFileColumn: ['reference', (options) => untrackFileColumn(pool, { ...column, ...options })],
  untrackFileColumnSql: ['reference', (options) => untrackFileColumnSql({ ...column, ...options })],
  trackedColumns: ['schema', (options) => trackedColumns(pool, options)],
  migrate: ['registrySchema', (options) => migrate(pool, options)],
  up: ['registrySchema', (options) => up(db, options)],
  migrationSql: ['registrySchema', (options) => migrationSql(options)],
  localStorage: ['concurrency', (options) => localStorage({ root: media.path, ...options })],
  s3Storage: ['endPoint', (options) => s3Storage({ client: new S3Client({}), bucket: 'media', ...options })],
  memoryStorage: ['versions', (options) => memoryStorage(options)],
  openTelemetry: ['openTelemetry.guages', (options) => openTelemetry(options)],
  sharpMaker: ['maxPixels', (options) => sharpMaker(options)],
  quality: ['quality.jpg', (quality) => sharpMaker({ quality })],
  sendFile: ['fileName', (options) => sendFile(files, file, {} as never, {} as never, options)],
  uploadStorage: ['maxSize', (options) => uploadStorage(files, options)],
};

test.for(Object.entries(takers))('%s refuses an option that there is not', async ([, [option, take]]) => {
  const name = option.replace(/^.*\W/, '');
  const refused = await Promise.resolve()
    .then(() => take({ [name]: secret }))
    .then(
      () => 'taken',
      (error: unknown) => error,
    );
  expect(refused).toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(`^${option}: no such option; there are [a-z]+`),
    context: { option, known: expect.anything() },
  });
  expect(JSON.stringify(refused) + String(refused)).not.toContain(secret);
});

test('nothing was done by the calls that were refused', async () => {
  expect(await files.find(file)).toMatchObject({ id: file.id });
  expect(await media.files()).toEqual([file.key]);
  expect(await trackedColumns(pool)).toEqual([]);
});
