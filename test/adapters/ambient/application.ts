import 'reflect-metadata';
import { ClsPluginTransactional, Transactional, TransactionHost } from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { Inject, Injectable, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ClsModule } from 'nestjs-cls';
import { FileRegistry, FileRegistryModule, localStorage, type StoredFile } from 'nestjs-file-registry';
import { Pool } from 'pg';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { ambient } from '../../../src/adapters/ambient.js';
import { typeorm } from '../../../src/adapters/typeorm.js';

@Entity()
export class Article {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  title!: string;
}

const url = process.env['DATABASE_URL'] ?? '';

@Module({
  providers: [
    { provide: Pool, useFactory: () => new Pool({ connectionString: url }) },
    {
      provide: DataSource,
      useFactory: () =>
        new DataSource({ type: 'postgres', url, entities: [Article], synchronize: true }).initialize(),
    },
  ],
  exports: [Pool, DataSource],
})
class DatabaseModule {}

@Injectable()
export class Articles {
  constructor(
    @Inject(TransactionHost) private readonly host: TransactionHost<TransactionalAdapterTypeOrm>,
    @Inject(FileRegistry) private readonly files: FileRegistry,
  ) {}

  @Transactional()
  async publish(title: string, photo: StoredFile): Promise<Article> {
    const article = await this.host.tx.save(Article, { title });
    await this.files.attach(photo, { type: 'article', id: article.id, slot: 'cover' });
    return article;
  }
}

@Module({
  imports: [
    DatabaseModule,
    ScheduleModule.forRoot(),
    ClsModule.forRoot({
      global: true,
      plugins: [
        new ClsPluginTransactional({
          imports: [DatabaseModule],
          adapter: new TransactionalAdapterTypeOrm({ dataSourceToken: DataSource }),
        }),
      ],
    }),
    FileRegistryModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [Pool, TransactionHost],
      useFactory: (database: Pool, host: TransactionHost<TransactionalAdapterTypeOrm>) => ({
        database,
        storages: { media: localStorage({ root: './media' }) },
        transaction: ambient(host, typeorm), // of Kysely or node-postgres: transaction: host
      }),
    }),
  ],
  providers: [Articles],
})
export class AppModule {}
