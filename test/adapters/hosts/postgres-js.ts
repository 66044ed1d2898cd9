import { postgresJs } from 'nestjs-file-registry/adapters';
import postgres, { type Options, type Sql, type TransactionSql } from 'postgres';
import type { Host, Subject } from '../support/host.js';

const hint = /sql\.begin\(\)/;

const text = {
  to: 25,
  from: [25],
  serialize: (value: unknown) => String(value),
  parse: (value: string) => `parsed ${value}`,
};

/** Converters of the application: names, values of type text, prepared statements. */
const configurations: [name: string, options: Options<any>][] = [
  ['postgres.js', {}],
  ['postgres.js without prepared statements', { prepare: false }],
  [
    'postgres.js with converters',
    {
      transform: {
        undefined: null,
        column: { from: (name) => name.toUpperCase(), to: (name) => name.toLowerCase() },
        value: { from: (value) => (typeof value === 'string' ? value.toUpperCase() : value) },
      },
      types: { text },
    },
  ],
  ['postgres.js with postgres.camel', { transform: postgres.camel }],
];

export const subjects: Subject<TransactionSql>[] = configurations.map(([name, options]) => ({
  name,
  open: async (url, max) => host(postgres(url, { max, onnotice: () => {}, ...options })),
}));

function host(sql: Sql): Host<TransactionSql> {
  return {
    transaction: async (work) => (await sql.begin(work)) as never,
    nested: async (tx, work) => (await tx.savepoint(work)) as never,
    run: async (tx, statement) => tx.unsafe(statement),
    adapt: (tx) => postgresJs(tx),
    refused: [
      ['sql outside of a transaction', () => postgresJs(sql as never), hint],
      ['null', () => postgresJs(null as never), hint],
      ['sql without its adapter', () => sql, /in its adapter/],
    ],
    close: () => sql.end(),
  };
}
