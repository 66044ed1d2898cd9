import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase } from '../laws/support/attacked-database.js';

const attacked = await createAttackedDatabase();

afterEach(() => attacked.assertLaws());

const detaching = {
  detach_all: `select file_registry.detach_all('article', '1', null) as answer`,
  detach_all_many: `select file_registry.detach_all_many('[{ "type": "article", "id": "1", "slot": null }]') as answer`,
};

test.for(Object.entries(detaching))(
  '%s that waited for a replace drops what the replace attached',
  async ([, statement]) => {
    const [before, after] = [await attacked.file(), await attacked.file()];
    await attacked.reference(before, '1');
    const [replacing, waiting] = [await attacked.session(), await attacked.session()];

    await replacing.query('begin');
    await replacing.query(`select file_registry.replace('article', '1', 'cover', array[$1]::uuid[])`, [
      after,
    ]);
    const answered = waiting.query(statement);
    await attacked.untilBlocked(waiting);
    await replacing.query('commit');

    expect((await answered).rows).toEqual([{ answer: { detached: 1 } }]);
    expect(await attacked.reasons(after)).toEqual(['stored', 'detached']);
  },
);
