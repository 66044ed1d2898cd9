import { type EntityManager, EntitySchema, MikroORM, UnderscoreNamingStrategy } from '@mikro-orm/postgresql';
import { mikroOrm } from 'nestjs-file-registry/adapters';
import type { Host, Subject } from '../support/host.js';

const hint = /em\.transactional\(\)/;
const Article = new EntitySchema<{ id: number; title: string }>({
  name: 'Article',
  properties: { id: { type: 'number', primary: true }, title: { type: 'string' } },
});

export function open(clientUrl: string, max: number): Promise<MikroORM> {
  return MikroORM.init({
    clientUrl,
    entities: [Article],
    namingStrategy: UnderscoreNamingStrategy,
    pool: { min: 0, max },
    debug: false,
  });
}

const subject: Subject<EntityManager> = {
  name: 'MikroORM',
  open: async (url, connections) => host(await open(url, connections)),
};
export const subjects = [subject];

function host(orm: MikroORM): Host<EntityManager> {
  return {
    transaction: (work) => orm.em.fork().transactional((em) => work(em as EntityManager)),
    nested: (em, work) => em.transactional((inner) => work(inner as EntityManager)),
    async begin() {
      const em = orm.em.fork();
      await em.begin();
      return { tx: em, commit: () => em.commit(), rollback: () => em.rollback() };
    },
    run: (em, statement) => em.execute(statement, [], 'run'),
    adapt: (em) => mikroOrm(em),
    refused: [
      ['the global manager', () => mikroOrm(orm.em), hint],
      ['a fork without a transaction', () => mikroOrm(orm.em.fork()), hint],
      ['the ORM', () => mikroOrm(orm as never), hint],
      ['null', () => mikroOrm(null as never), hint],
      ['a manager without its adapter', () => orm.em, /in its adapter/],
    ],
    close: () => orm.close(),
  };
}
