import { expect, test } from 'vitest';
import { findMount } from '../../bench/support/file-system.js';
import { parseOptions } from '../../bench/support/parse-options.js';
import { rounds } from '../../bench/support/rounds.js';

const known = ['drain', 'idle'];

test('options have defaults', () => {
  expect(parseOptions([], known)).toEqual({
    names: [],
    json: false,
    samples: 5,
    size: 'full',
    loopExt4: false,
    help: false,
  });
});

test('names and options may stand in any order', () => {
  const options = parseOptions(
    ['--json', 'idle', '--samples', '7', '--size=small', '--loop-ext4', 'drain'],
    known,
  );
  expect(options).toMatchObject({
    names: ['idle', 'drain'],
    json: true,
    samples: 7,
    size: 'small',
    loopExt4: true,
  });
});

test.each([
  [['drian'], "There is no benchmark 'drian'. There are: drain, idle."],
  [['--samples', '0'], '--samples must be a whole number from 1 to 50. Received: 0.'],
  [['--samples', '2.5'], 'Received: 2.5.'],
  [['--size', 'huge'], '--size must be small, medium or full. Received: huge.'],
  [['--sample', '5'], '--sample'],
])('%j is refused', (args, message) => {
  expect(() => parseOptions(args, known)).toThrow(message);
});

test('each round has every system once and begins with another one', async () => {
  const order: string[] = [];
  for await (const { round, subject } of rounds(3, ['a', 'b', 'c'])) order.push(`${round}${subject}`);
  expect(order).toEqual(['0a', '0b', '0c', '1b', '1c', '1a', '2c', '2a', '2b']);
});

test('a path belongs to the innermost mount, and to the last of those', () => {
  const mounts = [
    '/dev/a / ext4 rw,discard 0 0',
    '/dev/b /srv ext4 rw,relatime 0 0',
    '/dev/c /srv/my\\040media xfs rw 0 0',
    'tmpfs /mnt tmpfs rw 0 0',
    '/dev/d /mnt ext4 rw,discard 0 0',
  ].join('\n');

  expect(findMount(mounts, '/tmp/x')).toMatchObject({ type: 'ext4', discards: true });
  expect(findMount(mounts, '/srv/x')).toMatchObject({ type: 'ext4', discards: false });
  expect(findMount(mounts, '/srvx')).toMatchObject({ discards: true });
  expect(findMount(mounts, '/srv/my media/x')).toMatchObject({ type: 'xfs', discards: false });
  expect(findMount(mounts, '/mnt/x')).toMatchObject({ type: 'ext4', discards: true });
});

test('where nobody tells the mounts, nothing is claimed', () => {
  expect(findMount('', '/tmp')).toEqual({ type: 'unknown', options: [], discards: undefined });
});
