import { expect, test } from 'vitest';
import { createAttackedDatabase } from './support/attacked-database.js';

// The documented way round the laws: restores and logical apply fire no triggers. It needs a superuser, or a role that was
// granted it, and `verify` afterwards.
const laws = await createAttackedDatabase();

test('session_replication_role = replica triggers nothing and goes round the laws', async () => {
  const file = await laws.file();
  await laws.reference(file);
  const restore = await laws.session();
  await restore.query('set session_replication_role = replica');

  await laws.sql('delete from file_registry.file_references where file_id = $1', [file], restore);
  await laws.sql('delete from file_registry.deletion_outbox where file_id = $1', [file], restore);

  expect(await laws.reasons(file)).toEqual([]);
  await expect(laws.assertLaws()).rejects.toThrow(`law 2, a file has a reference or an intent: ${file}`);
});

test('a role without privilege cannot set it', async () => {
  const client = await laws.database.client({ role: await laws.database.role() });
  await expect(client.query('set session_replication_role = replica')).rejects.toMatchObject({
    code: '42501',
  });
});
