import { migrationSql } from 'nestjs-file-registry';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class FileRegistry1760000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(await migrationSql());
  }

  /** Forgets every file. Their bytes stay where they are. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop schema file_registry cascade');
  }
}
