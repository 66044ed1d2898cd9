import { Propagation, Transactional } from '@nestjs-cls/transactional';
import { Inject, Injectable } from '@nestjs/common';
import { FileRegistry, type StoredFile } from 'nestjs-file-registry';

/** Writes a row of the application in the ambient transaction. */
export abstract class ArticleTable {
  abstract insert(slot: string): Promise<unknown>;
}

export type Mode =
  'required' | 'requiresNew' | 'nested' | 'mandatory' | 'supports' | 'notSupported' | 'never';

/** A service as an application has it: methods with a transaction each, by its propagation mode. */
@Injectable()
export class Articles {
  constructor(
    @Inject(FileRegistry) private readonly files: FileRegistry,
    @Inject(ArticleTable) private readonly table: ArticleTable,
  ) {}

  /** Without any transaction of its own. */
  async plain(photo: StoredFile, slot: string, then?: () => Promise<unknown>): Promise<void> {
    await this.files.attach(photo, { type: 'article', id: 1, slot });
    await this.table.insert(slot);
    await then?.();
  }

  @Transactional()
  async required(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }

  @Transactional(Propagation.RequiresNew)
  async requiresNew(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }

  @Transactional(Propagation.Nested)
  async nested(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }

  @Transactional(Propagation.Mandatory)
  async mandatory(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }

  @Transactional(Propagation.Supports)
  async supports(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }

  @Transactional(Propagation.NotSupported)
  async notSupported(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }

  @Transactional(Propagation.Never)
  async never(...work: Parameters<Articles['plain']>): Promise<void> {
    await this.plain(...work);
  }
}
