import { expect, test } from 'vitest';
import { sqlStateOf } from '../../src/database/sql-state.js';

const pgError = Object.assign(new Error('could not serialize access'), { code: '40001' });

test.for<[string, unknown, string | undefined]>([
  ["node-postgres' error", pgError, '40001'],
  ['an error whose cause it is', new Error('Failed query', { cause: pgError }), '40001'],
  ['an error of PL/pgSQL', { code: 'P0001' }, 'P0001'],
  [
    'an error of Prisma around that of a driver adapter',
    { code: 'P2010', meta: { driverAdapterError: { cause: { kind: 'postgres', originalCode: '55P03' } } } },
    '55P03',
  ],
  ["an error of Prisma's engine", { code: 'P2010', meta: { code: '40001', message: 'could not' } }, '40001'],
  ['an error of Prisma that came from no statement', { code: 'P2028', meta: {} }, undefined],
  ['an error of Node', { code: 'EPIPE' }, undefined],
  ['a text', 'went wrong', undefined],
])('the SQLSTATE in %s', ([, error, state]) => {
  expect(sqlStateOf(error)).toBe(state);
});
