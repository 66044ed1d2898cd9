import { sql } from 'drizzle-orm';
import { drizzle as drizzleNodePostgres } from 'drizzle-orm/node-postgres';
import { type PgDatabase, type PgTransaction, withReplicas } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import { drizzle } from 'nestjs-file-registry/adapters';
import { Pool } from 'pg';
import postgres from 'postgres';
import type { Host, Subject } from '../support/host.js';

type Database = PgDatabase<any, any, any>;
type Tx = PgTransaction<any, any, any>;

const hint = /db\.transaction\(\)/;

export const subjects: Subject<Tx>[] = [
  {
    name: 'Drizzle on node-postgres',
    open: async (connectionString, max) => {
      const pool = new Pool({ connectionString, max });
      return host(drizzleNodePostgres(pool, { casing: 'snake_case' }), () => pool.end());
    },
  },
  {
    name: 'Drizzle on postgres.js',
    open: async (url, max) => {
      const client = postgres(url, {
        max,
        onnotice: () => {},
        transform: { column: { from: (name) => name.toUpperCase() } },
      });
      return host(drizzlePostgresJs(client, { casing: 'camelCase' }), () => client.end());
    },
  },
];

function host(db: Database, close: () => Promise<unknown>): Host<Tx> {
  return {
    transaction: (work) => db.transaction(work),
    nested: (tx, work) => tx.transaction(work),
    run: async (tx, statement) => tx.execute(sql.raw(statement)),
    adapt: (tx) => drizzle(tx),
    refused: [
      ['the database', () => drizzle(db as never), hint],
      ['a database with replicas', () => drizzle(withReplicas(db, [db]) as never), hint],
      ['null', () => drizzle(null as never), hint],
      ['the database without its adapter', () => db, /in its adapter/],
    ],
    close,
  };
}
