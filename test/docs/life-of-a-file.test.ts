import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pages } from '../examples/docs.js';
import { createTestDatabase } from '../support/create-test-database.js';

const database = await createTestDatabase();
const text = pages.get('life-of-a-file.md') ?? '';
const section = (heading: string) =>
  text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
const stations = Array.from(section('The stations').matchAll(/^\| (\w+) +\|/gm), ([, name = '']) => name);

test('the diagram and the tables have the same stations', () => {
  const inDiagram = Array.from(text.matchAll(/^ {2}(\S+) --> (\S+):/gm), ([, from = '', to = '']) => [
    from,
    to,
  ]);
  expect(inDiagram.length).toBeGreaterThan(20);
  const names = new Set(inDiagram.flat().filter((name) => name !== '[*]'));
  expect([...names].toSorted()).toEqual(stations.slice(1).toSorted());

  const transitions = Array.from(section('The transitions').matchAll(/^\| ([\w, ]*)→ ([\w, ]+?) +\|/gm));
  expect(transitions.length).toBeGreaterThan(15);
  const mentioned = transitions.slice(1).flatMap(([, from = '', to = '']) => `${from}, ${to}`.split(/, */));
  expect(mentioned.map((name) => name.trim()).filter((name) => name !== '' && !names.has(name))).toEqual([]);
});

test('its states are those that the database allows', async () => {
  const { rows } = await database.pool().query<{ definition: string }>(`
    select pg_get_constraintdef(oid) as definition
      from pg_constraint
     where conname = 'deletions_state'
       and connamespace = 'file_registry'::regnamespace`);
  const allowed = Array.from(rows[0]!.definition.matchAll(/'(\w+)'/g), ([, state]) => state);
  const named = Array.from(section('The stations').matchAll(/state `(\w+)`/g), ([, state]) => state);
  expect(named.toSorted()).toEqual(allowed.toSorted());
});

test('every station has the states that explain answers, and no state is without one', () => {
  const [, states = ''] =
    readFileSync('src/registry/file-explanation.ts', 'utf8').match(/^export type FileState =\n([^;]*);/m) ??
    [];
  const answered = Array.from(states.matchAll(/'(\w+)'/g), ([, state]) => state);
  expect(answered.length).toBeGreaterThan(5);
  const cells = Array.from(
    section('The stations').matchAll(/^\| (?!station|-).*\| (.*?) +\|$/gm),
    ([, cell = '']) => Array.from(cell.matchAll(/`(\w+)`/g), ([, state]) => state),
  );
  expect(cells).toHaveLength(stations.length - 1);
  expect(cells.filter((cell) => cell.length === 0)).toEqual([]);
  expect([...new Set(cells.flat())].toSorted()).toEqual(answered.toSorted());
});

test('its reasons have the periods of the options', () => {
  const table = Array.from(
    section('Intents').matchAll(/^\| `(\w+)` .*\| (\S+) +\|$/gm),
    ([, reason, period]) => [reason, period],
  );
  expect(table).toEqual([
    ['stored', '`unattachedTtlMs`'],
    ['detached', '`gracePeriodMs`'],
    ['original', 'none'],
    ['erased', 'none'],
  ]);
});
