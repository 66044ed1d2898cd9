import 'reflect-metadata';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Article } from './article.entity.js';
import { Author } from './author.entity.js';
import { FileRegistry1760000000000 } from './migrations/1760000000000-file-registry.js';
import { Articles1760000001000 } from './migrations/1760000001000-articles.js';

export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: [Article, Author],
    migrations: [FileRegistry1760000000000, Articles1760000001000],
  };
}

/** For TypeORM's command line. */
export default new DataSource(dataSourceOptions(process.env['DATABASE_URL'] ?? ''));
