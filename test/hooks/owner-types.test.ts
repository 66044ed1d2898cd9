import {
  InvalidOptionError,
  type FileHookOptions,
  AfterFileDelete,
  fileHookDefaults,
} from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp } from './support/hooked-app.js';
import { idsOf, recorder } from './support/recorder.js';

const registry = await createWatchedRegistry();

/** Files whose last owners are of these types, by name; `none` was never attached. */
const owned = { articles: ['article'], avatars: ['avatar'], shared: ['article', 'avatar'], none: [] };

test.each<[string, FileHookOptions, (keyof typeof owned)[]]>([
  ['without a list every file', {}, ['articles', 'avatars', 'shared', 'none']],
  ['with only, what one of its last owners singles out', { only: ['article'] }, ['articles', 'shared']],
  ['with several, what any of them singles out', { only: ['x', 'avatar'] }, ['avatars', 'shared']],
  [
    'with ignore, all but what every last owner leaves out',
    { ignore: ['article'] },
    ['avatars', 'shared', 'none'],
  ],
  ['with all types ignored, what had no owner', { ignore: ['article', 'avatar'] }, ['none']],
  ['with both, what both let pass', { only: ['article'], ignore: ['article'] }, ['shared']],
])('%s', async (_, options, expected) => {
  const Hooks = recorder(options);
  const { app, processor } = await hookedApp(registry, { providers: [Hooks] });
  const ids = {} as Record<keyof typeof owned, string>;
  for (const [name, types] of Object.entries(owned)) {
    const file = await registry.store();
    for (const type of types) await registry.attach(file, '1', name, type);
    for (const type of types) await registry.detach(file, '1', name, type);
    ids[name as keyof typeof owned] = file.id;
  }
  expect(await processor.drain(), 'what a hook passes over goes like the rest').toMatchObject({ deleted: 4 });

  const called = expected.map((name) => ids[name]).toSorted();
  expect(idsOf(app.get(Hooks).before)).toEqual(called);
  expect(idsOf(app.get(Hooks).after)).toEqual(called);
});

test('no call is made with nothing', async () => {
  const Hooks = recorder({ only: ['contract'] });
  const { app, processor } = await hookedApp(registry, { providers: [Hooks] });
  await registry.store();
  await processor.drain();
  expect(app.get(Hooks)).toMatchObject({ before: [], after: [], failed: [] });
});

test.each([
  ['only', [], '@AfterFileDelete: only: expected 1 to 100 types'],
  ['only', 'article', '@AfterFileDelete: only: expected 1 to 100 types'],
  ['ignore', ['a', 7], '@AfterFileDelete: ignore: expected'],
  ['ignore', ['x'.repeat(101)], '@AfterFileDelete: ignore: expected'],
  ['batchSize', 0, '@AfterFileDelete: batchSize: expected a whole number from 1 to 1000, received 0'],
  ['batchSize', 1001, 'from 1 to 1000'],
  ['timeoutMs', 1.5, '@AfterFileDelete: timeoutMs: expected a whole number'],
  [
    'ingore',
    ['article'],
    '@AfterFileDelete: ingore: no such option; there are batchSize, ignore, only, timeoutMs.',
  ],
])('the option %s as %j is refused where the class is defined', (name, value, message) => {
  expect(() => AfterFileDelete({ [name]: value })).toThrow(InvalidOptionError);
  expect(() => AfterFileDelete({ [name]: value })).toThrow(message);
});

test('options are an object, and an undefined one is its default', () => {
  expect(() => AfterFileDelete('article' as never)).toThrow('@AfterFileDelete: expected an object');
  expect(() => AfterFileDelete(null as never)).toThrow(InvalidOptionError);
  expect(() => AfterFileDelete({ batchSize: undefined } as never)).not.toThrow();
  expect(fileHookDefaults).toEqual({ batchSize: 100, timeoutMs: 30_000 });
});
