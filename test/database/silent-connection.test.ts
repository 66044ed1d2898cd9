import { expect, test } from 'vitest';
import { RegistryDatabase } from '../../src/database/registry-database.js';
import { createTestRegistry } from '../support/create-test-registry.js';

const { database, db } = await createTestRegistry();

test('a step that gets no answer ends, so that no pass stands still behind a connection that went silent', async () => {
  const impatient = new RegistryDatabase(db, 'file_registry', 50);
  const holder = await database.client();
  await holder.query('begin; lock table file_registry.settings in access exclusive mode');

  await expect(impatient.step('resume', [])).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringContaining('keepAlive') as string,
  });
  await holder.query('rollback');
});
