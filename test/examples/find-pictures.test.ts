import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, expect, test } from 'vitest';
import { findPictures, upload } from '../../examples/demo/find-pictures.js';
import { UsageError } from '../../examples/demo/usage-error.js';
import { createTemporaryFolder } from '../support/create-temporary-folder.js';

const root = await createTemporaryFolder('pictures');
let folder: string;
let number = 0;

beforeEach(async () => {
  folder = join(root.path, String(++number));
  await mkdir(join(folder, 'nested/日本語'), { recursive: true });
});

test('every regular file is found, whatever its name', async () => {
  await writeFile(join(folder, 'nested/日本語/写真 📷.jpg'), 'photo');
  await writeFile(join(folder, 'empty'), '');
  await symlink(join(folder, 'empty'), join(folder, 'link'));
  await symlink(join(folder, 'nested'), join(folder, 'other'));

  const pictures = await findPictures(folder);
  expect(pictures.map(({ title }) => title)).toEqual(['empty', 'nested/日本語/写真 📷.jpg']);
});

test('a name that is not valid UTF-8 can be read all the same', async () => {
  await writeFile(
    Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('not utf-8 \xff.png', 'latin1')]),
    'bytes',
  );

  const [picture] = await findPictures(folder);
  const { content, filename } = upload(picture!, new AbortController().signal);
  expect(filename).toBe('not utf-8 \ufffd.png');
  expect((await buffer(content)).toString()).toBe('bytes');
});

test('what is no folder with files is explained', async () => {
  await expect(findPictures(folder)).rejects.toThrow(
    new UsageError(`There is no file in '${folder}' or below it. Pass a folder with pictures.`),
  );
  await expect(findPictures(join(folder, 'missing'))).rejects.toThrow(UsageError);
  await expect(findPictures(join(folder, 'missing'))).rejects.toThrow(
    `There is no folder '${folder}/missing'.`,
  );
  await writeFile(join(folder, 'file'), '');
  await expect(findPictures(join(folder, 'file'))).rejects.toThrow('is not a folder');
});
