import { beforeEach, expect, test } from 'vitest';
import { leaseMs } from './support/arena.js';
import { LedgerAudit } from './support/ledger-audit.js';
import type { LedgerLine } from './support/ledger.js';
import { RecordHistories } from './support/record-histories.js';

const fileId = '01a1fdbb-c693-7000-8000-000000000001';
const key = `2026/11/21/01/${fileId}-photo.jpg`;

let audit: LedgerAudit;
let histories: RecordHistories;
beforeEach(() => {
  audit = new LedgerAudit();
  histories = new RecordHistories();
});

function write(at: number, line: LedgerLine): void {
  audit.take({ at, by: 'process', ...line });
}

function remove(at: number, call: string, abandoned = false): void {
  write(at, { op: 'delete-started', key, call, abandoned });
  write(at, { op: 'delete-removed', key, call, abandoned });
}

test('a key is deleted once for each time its bytes landed', () => {
  write(1, { op: 'write-landing', key });
  remove(10, 'a', true);
  write(20, { op: 'write-landing', key });
  remove(30, 'b', true);
  expect(audit.problems(histories)).toEqual([]);

  remove(40, 'c', true);
  expect(audit.problems(histories)).toEqual([expect.stringContaining('deleted twice with an effect')]);
});

test('bytes that a record holds must not be deleted', () => {
  const after = { article: [`cover/${fileId}`] };
  histories.take({ at: 1, by: 'writer', op: 'committing', transaction: '1', after });
  histories.take({ at: 2, by: 'writer', op: 'committed', transaction: '1', durable: true });
  write(0, { op: 'write-landing', key });
  remove(3, 'a');
  expect(audit.problems(histories)).toEqual([expect.stringContaining('deleted while article held them')]);
});

test("a deletion is nobody else's before its lease is over, unless it failed", () => {
  const start = (at: number, call: string) =>
    write(at, { op: 'delete-started', key, call, abandoned: false });
  start(0, 'a');
  start(leaseMs, 'b');
  write(leaseMs + 1, { op: 'delete-refused', key, call: 'b', abandoned: false });
  start(leaseMs + 2, 'c');
  expect(audit.problems(histories)).toEqual([]);

  start(leaseMs + 3, 'd');
  expect(audit.problems(histories)).toEqual([expect.stringContaining('deleted by two at once')]);
});
