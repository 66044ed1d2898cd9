import type { Queryable } from '../../support/queryable.js';

/**
 * Safeguards that take several commands to be missed: the function they are in, the text to change there, and at which program
 * of the seed to begin, because the one that misses it comes late.
 */
export const plants = {
  /** Whoever comes last completes a deletion, whether or not the lease is still his. */
  'the lease when completing': [
    'complete_deletions',
    /and d\.lease_token\s*=\s*complete_deletions\.lease_token/g,
    '',
    170,
  ],
  /** A file goes although it was detached a moment ago, because an older intent is due. */
  'the youngest intent governs': [
    'settle',
    /and \(select true\s+from \S+deletion_outbox[^;]*?limit 1\) is null/g,
    '',
    48,
  ],
  /** Replacing a file by itself drops the reference and makes it again. */
  'what a slot holds stays untouched': ['drop_surplus', /and r\.file_id\s*<> all\(kept_files\)/, '', 0],
  /** An erasure takes files that are held. */
  'a hold refuses an erasure': ['erase', /if held is not null then/, 'if false then', 52],
} as const satisfies Record<string, readonly [string, RegExp, string, number]>;

export type PlantName = keyof typeof plants;

export async function takeAway(admin: Queryable, name: PlantName): Promise<void> {
  const [functionName, what, by] = plants[name];
  const { rows } = await admin.query(
    "select pg_get_functiondef(oid) as definition from pg_proc where pronamespace = 'file_registry'::regnamespace and proname = $1",
    [functionName],
  );
  const definition = String(rows[0].definition);
  const changed = definition.replace(what, by);
  if (changed === definition) throw new Error(`${functionName} has no ${what} any more.`);
  await admin.query(changed);
}
