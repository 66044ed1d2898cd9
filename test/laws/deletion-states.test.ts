import { afterEach, expect, test } from 'vitest';
import { createAttackedDatabase } from './support/attacked-database.js';

// Laws 3 and 4: the states of a deletion, every step from each to each.
const laws = await createAttackedDatabase();

afterEach(() => laws.assertLaws());

const states = ['reserved', 'abandoned', 'condemned', 'deleted'] as const;
const reasons = ['upload', 'detached'] as const;

/** What may follow; a state may always follow itself. */
const allowed = new Set([
  'upload: reserved -> abandoned',
  'upload: abandoned -> deleted',
  'upload: deleted -> abandoned',
  'upload: condemned -> deleted',
  'detached: condemned -> deleted',
]);

const steps = reasons.flatMap((reason) =>
  states
    .filter((from) => reason === 'upload' || !['reserved', 'abandoned'].includes(from))
    .flatMap((from) => states.map((to) => ({ reason, from, to, step: `${reason}: ${from} -> ${to}` }))),
);

test.for(steps)('$step', async ({ reason, from, to, step }) => {
  const file = await laws.order({ state: from, reason });
  const move = laws.sql(
    `update file_registry.deletions
        set state = $2, next_attempt_at = case when $2 <> 'deleted' then now() end,
            deleted_at = case when $2 = 'deleted' then now() end
      where file_id = $1`,
    [file, to],
  );

  const outcome = await move.then(
    () => 'accepted',
    ({ code }: { code: string }) => code,
  );

  const accepted = from === to || allowed.has(step);
  expect(outcome).toMatch(accepted ? 'accepted' : /^(23001|23514)$/);
  expect(await laws.deletion(file)).toMatchObject({ state: accepted ? to : from });
});

test.for([
  `state = 'deleted'`,
  `state = 'deleted', next_attempt_at = null`,
  `state = 'deleted', deleted_at = now()`,
  'next_attempt_at = null',
  'deleted_at = now()',
  `state = 'forgotten'`,
  'attempts = -1',
])('half a step is refused: %s', async (change) => {
  const file = await laws.order();
  await expect(
    laws.sql(`update file_registry.deletions set ${change} where file_id = $1`, [file]),
  ).rejects.toMatchObject({ code: expect.stringMatching('23001|23514') });
});

test.for(['reserved', 'abandoned'])('only an upload is %s, under a key of its own', async (state) => {
  await expect(laws.order({ state, reason: 'detached' })).rejects.toMatchObject({ code: '23514' });
  await expect(laws.order({ state, reason: 'upload', key: 'not generated' })).rejects.toMatchObject({
    code: '23514',
  });
});
