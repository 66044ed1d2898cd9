/** Writes the registry's schema as a migration of Prisma's, which comes before those that track columns. */
import { mkdir, writeFile } from 'node:fs/promises';
import { migrationSql } from 'nestjs-file-registry';

const folder = new URL('prisma/migrations/20260101000000_file_registry/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL('migration.sql', folder), await migrationSql());
