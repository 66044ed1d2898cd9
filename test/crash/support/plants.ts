import type { Queryable } from '../../support/queryable.js';

type Edit = readonly [what: RegExp, by: string];

interface Plant {
  /** Other statements, such as to drop a key. */
  readonly statements?: readonly string[];
  /** What to change in which function. Each must be found, or the plant would plant nothing. */
  readonly functions?: Readonly<Record<string, readonly Edit[]>>;
}

const doesNothing: Edit = [/begin\b[^]*end\s*$/, 'begin return null; end'];
const schema = 'file_registry';

/** Each takes one safeguard away, in the database of one run, with whatever else would stand in for it. */
export const plants = {
  /** A file can be condemned while a transaction attaches it. */
  'row-lock': {
    statements: [
      `alter table ${schema}.file_references drop constraint file_references_file_id_fkey`,
      `alter table ${schema}.file_references drop constraint file_references_holder_id_fkey`,
    ],
    functions: { attach_rows: [[/for key share/i, '']] },
  },
  /** A claimed deletion is due all the same, and whoever comes last completes it. */
  lease: {
    functions: {
      claim_deletions: [
        [
          /next_attempt_at\s*=\s*clock_timestamp\(\) \+ lease_ms \* interval '1 millisecond'/,
          'next_attempt_at = d.next_attempt_at',
        ],
      ],
      condemn_files: [[/then lease_end else now_due/, 'then now_due else now_due']],
      complete_deletions: [[/and d\.lease_token\s*=\s*complete_deletions\.lease_token/g, '']],
    },
  },
  /** An upload may finish although the processor took its key back. */
  reservation: {
    functions: {
      finish_upload: [[/d\.state\s*=\s*'reserved'/, "d.state in ('reserved', 'abandoned')"]],
      guard_deletions: [[/or g\.state <> 'reserved'/, '']],
    },
  },
  /** A reference that goes leaves no intent. */
  trigger: { functions: { note_detached: [doesNothing] } },
  /** Settling drops every intent of its batch. */
  'leave-rule': {
    functions: {
      settle: [
        [/where o\.ctid = any\(claimed_places\)\s+and \([^;]*;/, 'where o.ctid = any(claimed_places);'],
      ],
      guard_outbox: [doesNothing],
    },
  },
  /** The processor's commits are as durable as the database's default. */
  'sync-commit': {
    functions: {
      begin_step: [
        [
          /'synchronous_commit',\s*'on'/,
          "'synchronous_commit', pg_catalog.current_setting('synchronous_commit')",
        ],
      ],
    },
  },
} as const satisfies Record<string, Plant>;

export type PlantName = keyof typeof plants;

export const plantNames = Object.keys(plants) as PlantName[];

/** Takes the safeguard away. */
export async function sow(admin: Queryable, name: PlantName): Promise<void> {
  const { statements = [], functions = {} }: Plant = plants[name];
  for (const statement of statements) await admin.query(statement);

  for (const [functionName, edits] of Object.entries(functions)) {
    const { rows } = await admin.query(
      'select pg_get_functiondef(oid) as definition from pg_proc where pronamespace = $1::regnamespace and proname = $2',
      [schema, functionName],
    );
    if (rows.length !== 1)
      throw new Error(`Plant ${name}: there are ${rows.length} functions ${functionName}.`);
    const [head = '', quote = '', body = ''] = (rows[0] as { definition: string }).definition.split(
      /(\$\w*\$)/,
    );
    let edited = body;
    for (const [what, by] of edits) {
      const next = edited.replace(what, by);
      if (next === edited) throw new Error(`Plant ${name}: ${functionName} has no ${what} any more.`);
      edited = next;
    }
    await admin.query(head + quote + edited + quote);
  }
}
