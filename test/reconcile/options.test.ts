import { reconcileDefaults, reconcileLimits } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { memoryArena } from './support/arena.js';

const arena = await memoryArena();

test.for(Object.entries(reconcileLimits))(
  '%s is a whole number within its limits',
  async ([name, [min, max]]) => {
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, '1', null]) {
      if (value === null) continue;
      await expect(arena.reconcile({ [name]: value }), String(value)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(
          `^${name}: expected a whole number( of milliseconds)? from ${min} to ${max}, received`,
        ),
        context: { option: name, value },
      });
    }
    for (const value of [min, max]) await expect(arena.reconcile({ [name]: value })).resolves.toBeDefined();
    expect(Object.keys(reconcileDefaults)).toContain(name);
  },
);

test.for<[string, unknown, string]>([
  ['fix', true, "expected false or 'adopt', received true"],
  ['fix', 'delete', "expected false or 'adopt', received 'delete'"],
  ['verify', 'sha', "expected 'none' or 'size' or 'checksum', received 'sha'"],
  ['maxOrphanShare', 1.01, 'expected a number from 0 to 1, received 1.01'],
  ['maxOrphanShare', Number.NaN, 'received NaN'],
  ['force', 'yes', "expected false or true, received 'yes'"],
  ['prefix', 7, 'expected a text of at most 1024 bytes, received 7'],
  ['after', 'x\0', 'expected a text of at most 1024 bytes'],
  ['after', 'x'.repeat(1025), 'expected a text of at most 1024 bytes'],
  ['onFinding', 'log', "expected a function, received 'log'"],
  ['onProgress', {}, 'expected a function'],
  ['signal', {}, 'expected an AbortSignal, received {}'],
  ['exlude', ['tmp/'], 'no such option; there are after, '],
])('%s: %j is refused', async ([option, value, message]) => {
  await expect(arena.reconcile({ [option]: value })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(`${option}: ${message}`.replace(/^(\w+): received/, 'received')),
    context: { option },
  });
});

test('options that are none are refused, an empty prefix and an undefined option are as if they were left out', async () => {
  await expect(arena.reconciler.reconcile(null as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(arena.reconcile({ prefix: '', after: '', exclude: undefined })).resolves.toBeDefined();
  await expect(arena.reconciler.reconcile()).resolves.toMatchObject({ storage: 'media', fix: false });
});

test('a storage that is not configured is refused with the names there are', async () => {
  await expect(arena.reconcile({ storage: 'medja' })).rejects.toMatchObject({
    code: 'UNKNOWN_STORAGE',
    message: expect.stringContaining('there are media'),
  });
});
