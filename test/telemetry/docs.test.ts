import { readFileSync } from 'node:fs';
import {
  openTelemetry,
  openTelemetryDefaults,
  openTelemetryLimits,
} from 'nestjs-file-registry/opentelemetry';
import { healthThresholdDefaults, healthThresholdLimits } from 'nestjs-file-registry/terminus';
import { expect, test } from 'vitest';
import { docsBlocks, pages } from '../examples/docs.js';
import { spoken } from '../examples/spoken.js';
import { typeErrors } from '../examples/type-errors.js';
import { createTestRegistry } from '../support/create-test-registry.js';
import { createRecorder } from './support/recorder.js';

const text = pages.get('monitoring.md') ?? '';
const recorder = createRecorder();
const registry = await createTestRegistry({
  gracePeriodMs: 0,
  telemetry: openTelemetry({ meter: recorder.meterProvider.getMeter('docs'), gaugesMaxAgeMs: 0 }),
});

/** The cells of the table's rows, by the first. */
function table(heading: string): Map<string, string[]> {
  const [, rows = ''] = text.match(new RegExp(`^\\| ${heading} [^]*?\\n(\\|[^]*?)\\n\\n`, 'm')) ?? [];
  return new Map(
    rows
      .split('\n')
      .slice(1)
      .map((row) => row.split('|').map((cell) => cell.trim()))
      .map(([, first = '', ...cells]) => [first.replaceAll('`', ''), cells]),
  );
}

test('every metric of the code is in the table, with its instrument and unit, and no other', () => {
  const source = ['instruments.ts', 'health-gauges.ts']
    .map((file) => readFileSync(`src/telemetry/opentelemetry/${file}`, 'utf8'))
    .join('\n');
  const made = Array.from(
    source.matchAll(/\b(counter|histogram|gauge)\(\s*'([\w.]+)',\s*'([^']*)'/g),
    ([, instrument = '', name = '', unit = '']) => [
      name,
      instrument,
      instrument === 'histogram' ? '`s`' : `\`${unit}\``,
    ],
  );
  expect(made).toHaveLength(13);
  const listed = Array.from(table('metric'), ([name, [instrument, unit]]) => [name, instrument, unit]);
  expect(listed.toSorted()).toEqual(made.toSorted());
});

test('attributes that are observed are those of the table', async () => {
  const file = await registry.store();
  await registry.attach(file, '1');
  await registry.detach(file, '1');
  await registry.processor.drain();
  const metrics = table('metric');
  const seen = await recorder.collect();
  expect(seen.size).toBeGreaterThan(8);
  for (const { name, points } of seen.values()) {
    for (const attribute of points.flatMap(({ attributes }) => Object.keys(attributes))) {
      expect(metrics.get(name)?.[2], name).toContain(`\`${attribute}\``);
    }
  }
});

test('thresholds and options are those of the code', () => {
  const thresholds = [
    ...new Set([...Object.keys(healthThresholdDefaults), ...Object.keys(healthThresholdLimits)]),
  ];
  expect([...table('threshold').keys()].toSorted()).toEqual(thresholds.toSorted());
  expect([...table('option').keys()].flatMap((names) => names.split(', ')).toSorted()).toEqual(
    ['meter', 'tracer', ...Object.keys(openTelemetryDefaults)].toSorted(),
  );
});

test('their limits are those of the code', () => {
  for (const [heading, limits] of [
    ['threshold', healthThresholdLimits],
    ['option', openTelemetryLimits],
  ] as const) {
    const written = table(heading);
    for (const [name, range] of Object.entries<readonly [number, number]>(limits)) {
      const [min, max] = range.map((value) => (value === 0 ? '0' : spoken(name, value)));
      expect([name, written.get(name)?.[1]]).toEqual([name, `${min} to ${max}`]);
    }
  }
});

test('its TypeScript passes the type check', { timeout: 60_000 }, () => {
  const given = `import type { Kysely } from 'kysely'; declare const db: Kysely<unknown>;`;
  const blocks = docsBlocks('monitoring.md').filter(({ language }) => language === 'ts');
  expect(blocks).toHaveLength(3);
  const inMemory = new Map(
    [...blocks.map(({ code }) => code), 'db.nothing;'].map((code, index) => [
      `monitoring-${index}.ts`,
      `${given}${code}\nexport {};`,
    ]),
  );
  expect(typeErrors(inMemory)).toEqual([expect.stringMatching(/monitoring-3\.ts: Property 'nothing'/)]);
});

test('its SQL answers', async () => {
  const { pool } = registry;
  await pool.query(
    'set local session_replication_role = replica; delete from file_registry.deletions; delete from file_registry.deletion_outbox',
  );
  const stuck = await registry.store('12345');
  const leased = await registry.store('123');
  const deleted = await registry.store('1234567');
  await pool.query('delete from file_registry.files where id = any($1)', [[stuck.id, leased.id]]);
  await pool.query(
    `update file_registry.deletions set next_attempt_at = 'infinity', last_error = 'access denied' where file_id = $1`,
    [stuck.id],
  );
  await pool.query(`select file_registry.claim_deletions('media', 10, gen_random_uuid(), 60000)`);
  await pool.query('delete from file_registry.files where id = $1', [deleted.id]);
  await registry.processor.drain();
  await registry.store();
  await registry.passTime('25 hours');
  await pool.query(
    `update file_registry.deletions set deleted_at = clock_timestamp() where state = 'deleted'`,
  );

  // As the role of operations.md.
  const role = await registry.database.role();
  await pool.query(`grant usage on schema file_registry to ${role.name};
    grant select on all tables in schema file_registry to ${role.name}`);
  const monitoring = await registry.database.client({ role });
  const queries = docsBlocks('monitoring.md').filter(({ language }) => language === 'sql');
  const answers = [];
  for (const { code } of queries) answers.push((await monitoring.query(code)).rows);
  const [age, backlog, stuckRows, leases, receipts, dead, multixacts] = answers;

  expect(age?.[0]?.oldest_due_age_s).toBeGreaterThanOrEqual(60 * 60);
  expect(age?.[0]?.oldest_due_age_s).toBeLessThan(60 * 60 + 60);
  expect(backlog).toEqual(
    expect.arrayContaining([
      { kind: 'intent', of: 'stored', state: 'noted', count: 1 },
      { kind: 'deletion', of: 'media', state: 'condemned', count: 2 },
    ]),
  );
  expect(stuckRows).toMatchObject([{ file_id: stuck.id, last_error: 'access denied' }]);
  expect(leases).toMatchObject([{ storage: 'media', files: 1, ran_out: true }]);
  expect(receipts).toMatchObject([{ files: 1, bytes: '7' }]);
  expect(dead?.map(({ relname }) => relname)).toEqual(
    expect.arrayContaining(['deletion_outbox', 'deletions']),
  );
  expect(multixacts).toEqual([{ age: expect.any(Number), freeze_at: 400_000_000 }]);
  expect(answers).toHaveLength(7);
});
