import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { localStorage } from '../../../src/storage/local/local-storage.js';
import { put, readText } from './content.js';
import { temporaryFolder } from './temporary-folder.js';
import { tree } from './tree.js';

const program = fileURLToPath(new URL('./write-half.mjs', import.meta.url));

describe('a process that is killed in the middle of a write', () => {
  it('leaves its temporary file only, which goes with the abandoned key', async () => {
    const root = await temporaryFolder();
    const child = fork(program, [root, '2026/01/x'], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const storage = localStorage({ root });
    await put(storage, '2026/02/y');
    expect((await tree(root)).filter((path) => !path.endsWith('/'))).toEqual(['2026/01/x.part', '2026/02/y']);
    expect(await storage.delete([{ key: '2026/01/x', abandoned: true }])).toEqual([{ key: '2026/01/x' }]);
    expect(await tree(root)).toEqual(['2026/', '2026/02/', '2026/02/y']);
    expect(await readText(storage, '2026/02/y')).toBe('2026/02/y');
  });
});
