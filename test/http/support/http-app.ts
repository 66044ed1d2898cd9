import { readdirSync, readlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  FileRegistry,
  type FileRegistryTables,
  localStorage,
  OutboxProcessor,
  type StoredFile,
} from 'nestjs-file-registry';
import { type FaultyStorage, faultyStorage } from 'nestjs-file-registry/testing';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { afterAll } from 'vitest';
import type { HttpSettings } from '../../../examples/http/core.module.js';
import { ExpressAppModule } from '../../../examples/http/express/app.module.js';
import { FastifyAppModule } from '../../../examples/http/fastify/app.module.js';
import { until } from '../../registry/until.js';
import { assertLaws } from '../../support/assert-laws.js';
import { createTemporaryFolder } from '../../support/create-temporary-folder.js';
import { createTestDatabase } from '../../support/create-test-database.js';
import type { TemporaryFolder } from '../../support/temporary-folder.js';

export const platforms = ['express', 'fastify'] as const;
export type Platform = (typeof platforms)[number];

interface Tables {
  article: { id: number; title: string };
}

/** The example behind real HTTP, on one of the platforms, with a database and a folder of its own and no schedule. */
export class HttpApp {
  readonly files: FileRegistry;
  readonly processor: OutboxProcessor;
  private readonly url: string;

  constructor(
    readonly platform: Platform,
    app: INestApplication,
    readonly pool: Pool,
    readonly db: Kysely<Tables>,
    readonly media: TemporaryFolder,
    readonly storage: FaultyStorage,
  ) {
    this.files = app.get(FileRegistry);
    this.processor = app.get(OutboxProcessor);
    this.url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  }

  address(path: string): string {
    return this.url + path;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.address(path), init);
  }

  publish(title: string, ...cover: Parameters<typeof form>): Promise<Response> {
    const body = form(...cover);
    body.append('title', title);
    return this.fetch('/articles', { method: 'POST', body });
  }

  replace(id: number, ...cover: Parameters<typeof form>): Promise<Response> {
    return this.fetch(`/articles/${id}/cover`, { method: 'PUT', body: form(...cover) });
  }

  /** An article with a cover that was not uploaded; answers the path of the download. */
  async article(content: Buffer | string, stored: { filename?: string; contentType?: string } = {}) {
    const contentType = stored.contentType ?? 'image/png';
    const cover = await this.files.store(Buffer.from(content), {
      filename: 'cover.png',
      ...stored,
      contentType,
      allowedContentTypes: [contentType],
    });
    const { rows } = await this.pool.query(
      'insert into article (title) values (gen_random_uuid()) returning id',
    );
    const id: number = rows[0].id;
    await this.db
      .transaction()
      .execute((trx) => this.files.in(trx).attach(cover, { type: 'article', id, slot: 'cover' }));
    return { id, cover, path: `/articles/${id}/cover` };
  }

  rows() {
    const tables = (this.db as unknown as Kysely<FileRegistryTables>).withSchema('file_registry');
    return tables.selectFrom('files').selectAll().execute();
  }

  async articles(): Promise<string[]> {
    return (await this.db.selectFrom('article').select('title').execute()).map(({ title }) => title);
  }

  async hasBytes(file: StoredFile): Promise<boolean> {
    return (await this.media.files()).includes(file.key);
  }

  /** Ends what a test began with: no article, no file, no byte; without waiting for any period. */
  async forget(): Promise<void> {
    await this.pool.query('delete from article');
    const ids = (await this.rows()).map(({ id }) => id);
    await this.db.transaction().execute((trx) => this.files.in(trx).erase(ids));
    await this.processor.drain();
  }

  /** Nothing is left of an upload, though no time has passed: no file, no bytes, no temporary file, nothing open. */
  async untilNothingIsLeft(): Promise<void> {
    await until('files and reservations are gone', async () => {
      await this.processor.drain();
      // Folders go while they are being read.
      const bytes = await this.media.files().catch(() => ['not yet']);
      return (await this.rows()).length === 0 && bytes.length === 0;
    });
    await this.untilNothingIsOpen();
  }

  untilNothingIsOpen(): Promise<void> {
    return until('nothing in the media folder is open', () => this.openFiles().length === 0);
  }

  openFiles(): string[] {
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(join('/proc/self/fd', fd));
      } catch {
        // Closed since it was listed.
        return [];
      }
    });
    return open.filter((path) => path.startsWith(this.media.path));
  }

  assertLaws(): Promise<void> {
    return assertLaws({ admin: this.pool, storages: { media: this.media.path } });
  }
}

export function form(content: string | Buffer, filename = 'cover.png', type = 'image/png'): FormData {
  const body = new FormData();
  body.append('cover', new Blob([Buffer.from(content)], { type }), filename);
  return body;
}

/** Starts one for the test file that calls it, at its top level, and closes it after the file's last test. */
export async function createHttpApp(
  platform: Platform,
  settings: Partial<HttpSettings> = {},
): Promise<HttpApp> {
  const database = await createTestDatabase();
  const media = await createTemporaryFolder('http');
  const pool = database.pool();
  await pool.query(
    'create table article (id integer primary key generated always as identity, title text not null unique)',
  );
  const storage = faultyStorage(localStorage({ root: media.path }));
  const all: HttpSettings = {
    databaseUrl: database.connectionString,
    media: storage,
    uploadMaxBytes: 64 * 1024 * 1024,
    renditions: {},
    ...settings,
    registry: { processor: { enabled: false, backoffBaseMs: 60 * 60 * 1000 }, ...settings.registry },
  };
  const options = { logger: false as const, abortOnError: false, forceCloseConnections: true };
  const app =
    platform === 'express'
      ? await NestFactory.create(ExpressAppModule.forRoot(all), options)
      : await NestFactory.create(FastifyAppModule.forRoot(all), new FastifyAdapter(options), options);
  await app.listen(0, '127.0.0.1');
  afterAll(() => app.close());
  return new HttpApp(platform, app, pool, database.kysely<Tables>(), media, storage);
}
