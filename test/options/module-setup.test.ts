import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Kysely } from 'kysely';
import {
  FileRegistry,
  FileRegistryModule,
  type FileRegistryOptions,
  localStorage,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { expect, onTestFinished, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { createTestDatabase } from '../support/create-test-database.js';

const database = await createTestDatabase();
const folder = await createTemporaryFolder('roots');
const db: Kysely<any> = database.kysely(); // whatever tables the application has
const root = join(folder.path, 'media');
await mkdir(root);

const options = (): FileRegistryOptions => ({
  database: db,
  storages: { media: localStorage({ root }) },
  processor: { enabled: false },
});

type Imports = NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;

/** Boots an application of these modules, and closes it after the test. */
async function boot(...imports: Imports) {
  const module = await Test.createTestingModule({ imports }).compile();
  onTestFinished(() => module.close());
  return module.init();
}

test('forRoot takes the options as they are', async () => {
  const module = await boot(FileRegistryModule.forRoot(options()));

  expect(await module.get(FileRegistry).store(Buffer.from('abc'))).toMatchObject({
    size: 3,
    storage: 'media',
  });
  expect(module.get(OutboxProcessor)).toBeInstanceOf(OutboxProcessor);
});

test('forRootAsync asks a factory, which may inject and be asynchronous', async () => {
  const DATABASE = Symbol('database');
  @Module({ providers: [{ provide: DATABASE, useValue: db }], exports: [DATABASE] })
  class DatabaseModule {}

  const module = await boot(
    FileRegistryModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [DATABASE],
      useFactory: async (injected: Kysely<any>) => ({ ...options(), database: injected }),
    }),
  );

  expect(await module.get(FileRegistry).store(Buffer.from('abc'))).toMatchObject({ size: 3 });
});

test('forRootAsync asks a class', async () => {
  @Injectable()
  class Configuration {
    create(): FileRegistryOptions {
      return options();
    }
  }
  const module = await boot(FileRegistryModule.forRootAsync({ useClass: Configuration }));

  expect(await module.get(FileRegistry).store(Buffer.from('abc'))).toMatchObject({ size: 3 });
});

test.for([
  [true, 'is seen'],
  [false, 'is not seen'],
  [undefined, 'is not seen'],
] as const)(
  'with isGlobal: %s the registry %s by modules that do not import it',
  async ([isGlobal, seen]) => {
    @Injectable()
    class Articles {
      constructor(@Inject(FileRegistry) readonly files: FileRegistry) {}
    }
    @Module({ providers: [Articles] })
    class ArticlesModule {}

    const extras = isGlobal === undefined ? {} : { isGlobal };
    for (const registry of [
      FileRegistryModule.forRoot({ ...options(), ...extras }),
      FileRegistryModule.forRootAsync({ useFactory: options, ...extras }),
    ]) {
      const found = await boot(registry, ArticlesModule).then(
        (module) => (module.get(Articles).files instanceof FileRegistry ? 'is seen' : 'is something else'),
        () => 'is not seen',
      );
      expect(found).toBe(seen);
    }
  },
);

test('two registries in one application keep to themselves', async () => {
  const other = join(folder.path, 'other');
  await mkdir(other);
  const first = FileRegistryModule.forRoot(options());
  const second = FileRegistryModule.forRoot({
    ...options(),
    storages: { other: localStorage({ root: other }) },
  });
  @Injectable()
  class Uploads {
    constructor(@Inject(FileRegistry) readonly files: FileRegistry) {}
  }
  @Injectable()
  class Backups {
    constructor(@Inject(FileRegistry) readonly files: FileRegistry) {}
  }
  @Module({ imports: [first], providers: [Uploads] })
  class UploadsModule {}
  @Module({ imports: [second], providers: [Backups] })
  class BackupsModule {}

  const module = await boot(UploadsModule, BackupsModule);
  expect(await module.get(Uploads).files.store(Buffer.from('abc'))).toMatchObject({ storage: 'media' });
  expect(await module.get(Backups).files.store(Buffer.from('abc'))).toMatchObject({ storage: 'other' });
});

test('an option that is wrong keeps the application from starting', async () => {
  for (const module of [
    FileRegistryModule.forRoot({ ...options(), gracePeriodMs: -1 }),
    FileRegistryModule.forRootAsync({ useFactory: () => ({ ...options(), gracePeriodMs: -1 }) }),
  ]) {
    await expect(boot(module)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'gracePeriodMs', value: -1 },
    });
  }
});

test('two storages on one root keep the application from starting', async () => {
  const storages = { one: localStorage({ root }), two: localStorage({ root: `${root}/.` }) };

  await expect(
    boot(FileRegistryModule.forRoot({ ...options(), storages, defaultStorage: 'one' })),
  ).rejects.toMatchObject({ code: 'STORAGE_UNUSABLE', kind: 'permanent' });
});

test.for([
  ['does not exist', async () => join(folder.path, 'missing'), /does not exist.*mkdir -p/],
  [
    'is a file',
    async () => {
      await writeFile(join(folder.path, 'file'), '');
      return join(folder.path, 'file');
    },
    /is not a folder/,
  ],
] as const)('a root that %s keeps the application from starting', async ([, make, hint]) => {
  const unusable = await make();
  const attempt = boot(
    FileRegistryModule.forRoot({ ...options(), storages: { media: localStorage({ root: unusable }) } }),
  );

  await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_UNUSABLE', context: { root: unusable } });
  await expect(attempt).rejects.toThrow(hint);
});

test.runIf(process.platform === 'linux')(
  'a root that cannot be written keeps the application from starting',
  async () => {
    // Nobody, not even root, can make a file there.
    const attempt = boot(
      FileRegistryModule.forRoot({ ...options(), storages: { media: localStorage({ root: '/proc' }) } }),
    );

    await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_UNUSABLE' });
    await expect(attempt).rejects.toThrow(/cannot be written.*Let the process write there/);
  },
);

test('a schema that is not there keeps the application from starting, unless nobody looks', async () => {
  const elsewhere = { ...options(), schema: 'elsewhere' };
  await expect(boot(FileRegistryModule.forRoot(elsewhere))).rejects.toMatchObject({
    code: 'SCHEMA_OUTDATED',
  });

  const module = await boot(FileRegistryModule.forRoot({ ...elsewhere, migrate: 'off' }));
  await expect(module.get(FileRegistry).find([])).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' });
});

test('a schema that is not there is made where the options say so', async () => {
  const module = await boot(
    FileRegistryModule.forRoot({ ...options(), schema: 'made "at" start', migrate: 'run' }),
  );

  expect(await module.get(FileRegistry).store(Buffer.from('abc'))).toMatchObject({ size: 3 });
});
