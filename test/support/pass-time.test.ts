import { expect, test } from 'vitest';
import { createTestDatabase } from './create-test-database.js';
import { passTime } from './pass-time.js';

const database = await createTestDatabase();

test('everything grows older, what is infinite stays so', async () => {
  const pool = database.pool();
  await pool.query(`
    insert into file_registry.files (id, storage, key, content_type, size)
    values (uuidv7(), 'media', 'adopted.txt', 'text/plain', 0)`);
  await pool.query(`
    insert into file_registry.deletions (file_id, storage, key, reason, state, next_attempt_at)
    values (uuidv7(), 'media', 'other.txt', 'detached', 'condemned', 'infinity')`);

  await passTime(pool, '25 hours');

  const { rows } = await pool.query(`
    select extract(epoch from now() - f.created_at)::int / 3600 as created,
           extract(epoch from now() - o.noted_at)::int / 3600 as noted,
           extract(epoch from now() - d.condemned_at)::int / 3600 as condemned,
           d.next_attempt_at::text as next
      from file_registry.files f, file_registry.deletion_outbox o, file_registry.deletions d`);
  expect(rows).toEqual([{ created: 25, noted: 25, condemned: 25, next: 'infinity' }]);
});

test('an interval is text, never SQL', async () => {
  await expect(passTime(database.pool(), `1 hour'; drop schema file_registry cascade; --`)).rejects.toThrow(
    'invalid input syntax for type interval',
  );
});
