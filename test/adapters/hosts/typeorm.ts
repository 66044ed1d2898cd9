import { typeorm } from 'nestjs-file-registry/adapters';
import { DataSource, DefaultNamingStrategy, type EntityManager } from 'typeorm';
import type { Host, Subject } from '../support/host.js';

class Shouting extends DefaultNamingStrategy {
  override columnName(name: string): string {
    return name.toUpperCase();
  }
}

export async function open(url: string, poolSize: number): Promise<DataSource> {
  return new DataSource({ type: 'postgres', url, poolSize, namingStrategy: new Shouting() }).initialize();
}

const hint = /dataSource\.transaction\(\).*startTransaction\(\)/;

const subject: Subject<EntityManager> = {
  name: 'TypeORM',
  open: async (url, connections) => host(await open(url, connections)),
};
export const subjects = [subject];

function host(dataSource: DataSource): Host<EntityManager> {
  const idle = dataSource.createQueryRunner();
  return {
    transaction: (work) => dataSource.transaction(work),
    nested: (manager, work) => manager.transaction(work),
    async begin() {
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      const end = async (ended: Promise<void>) => {
        await ended;
        await runner.release();
      };
      return {
        tx: runner.manager,
        commit: () => end(runner.commitTransaction()),
        rollback: () => runner.rollbackTransaction().finally(() => runner.release()),
      };
    },
    run: (manager, statement) => manager.query(statement),
    adapt: (manager) => typeorm(manager),
    refused: [
      ['a data source', () => typeorm(dataSource as never), hint],
      ['the manager of a data source', () => typeorm(dataSource.manager), hint],
      ['a query runner without a transaction', () => typeorm(idle), hint],
      ['its manager', () => typeorm(idle.manager), hint],
      ['undefined', () => typeorm(undefined as never), hint],
      ['the manager without its adapter', () => dataSource.manager, /in its adapter/],
    ],
    close: () => dataSource.destroy(),
  };
}
