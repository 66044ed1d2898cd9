import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';
import { tree } from '../storage/local/tree.js';
import { localArena } from './support/arena.js';

const arena = await localArena();
const outside = await createTemporaryFolder('outside');
const adopting = { fix: 'adopt', force: true } as const;

beforeEach(async () => {
  await arena.clear();
  for (const entry of await tree(arena.root))
    await rm(join(arena.root, entry), { recursive: true, force: true });
});

async function folders(...names: string[]): Promise<void> {
  for (const name of names) await mkdir(join(arena.root, name), { recursive: true });
}

test('empty folders go from the bottom upward, never the root, and only with fix', async () => {
  await folders('a/b/c', 'a/b/d', 'e', 'f/😀/ü');
  expect(await arena.reconcile()).toMatchObject({ prunedFolders: 0 });
  expect(await tree(arena.root)).toHaveLength(8);
  expect(await arena.reconcile(adopting)).toMatchObject({ prunedFolders: 8 });
  expect(await tree(arena.root)).toEqual([]);
});

test('folders that hold anything stay, and links are not followed', async () => {
  await arena.put('kept/deep/file');
  await folders('kept/empty', 'linked');
  await mkdir(join(outside.path, 'empty'));
  await symlink(outside.path, join(arena.root, 'linked/out'));
  expect(await arena.reconcile(adopting)).toMatchObject({ prunedFolders: 1 });
  expect(await tree(arena.root)).toEqual(['kept/', 'kept/deep/', 'kept/deep/file', 'linked/', 'linked/out']);
  expect(await outside.entries()).toEqual(['empty/']);
});

test('excluded folders stay, those outside of the prefix too, and those above them', async () => {
  await folders('in/a/b', 'in/keep/x', 'in/tmp', 'out/a');
  await arena.reconcile({ ...adopting, prefix: 'in/', exclude: ['in/keep/', '**/tmp/'] });
  expect(await tree(arena.root)).toEqual(['in/', 'in/keep/', 'in/keep/x/', 'in/tmp/', 'out/', 'out/a/']);
});

test.skipIf(process.platform !== 'linux')('a folder whose name is no UTF-8 goes as well', async () => {
  const raw = Buffer.concat([Buffer.from(`${arena.root}/caf`), Buffer.from([0xe9])]);
  await mkdir(raw);
  expect(await arena.reconcile(adopting)).toMatchObject({ prunedFolders: 1 });
});

test('uploads succeed while folders are pruned without rest', async () => {
  let going = true;
  const pruner = async () => {
    while (going) await arena.storage.prune?.();
  };
  const pruning = [pruner(), pruner()];
  const keys = Array.from({ length: 60 }, (_, n) => `2026/${n % 3}/${n}/file`);
  await Promise.all(keys.map((key) => arena.put(key)));
  going = false;
  await Promise.all(pruning);
  expect((await arena.keys()).toSorted()).toEqual(keys.toSorted());
});

test('a signal ends it', async () => {
  await folders('a');
  await expect(arena.storage.prune?.({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    'enough',
  );
  expect(await tree(arena.root)).toEqual(['a/']);
});
