import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output, type OutputOptions } from '../../src/cli/output/output.js';
import { Progress } from '../../src/cli/output/progress.js';
import { formatDuration } from '../../src/cli/output/format.js';
import { createCli } from './support/create-cli.js';
import { terminalMissing } from './support/terminal.js';

const cli = await createCli();
const { registry } = cli;

function capture(isTTY: boolean, options: OutputOptions = {}) {
  const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY, columns: 120 })];
  const read = (stream: PassThrough) => String(stream.read() ?? '');
  return {
    output: new Output(stdout, stderr, options),
    stdout: () => read(stdout),
    stderr: () => read(stderr),
  };
}

test('progress is a bar with rate and time left on a terminal', () => {
  const { output, stderr } = capture(true);
  using progress = new Progress(output, { unit: 'rows', total: 200 });
  progress.update(50);
  progress[Symbol.dispose]();
  expect(stderr()).toMatch(/=+-+ 25% \| 50 rows, [\d,]+\/s, \d+ (ms|s|min|h|d)\b.* left/);
});

test('progress without a total has neither bar nor time left', () => {
  const { output, stderr } = capture(true);
  using progress = new Progress(output, { unit: 'rows' });
  progress.update(1234);
  progress[Symbol.dispose]();
  const text = stderr();
  expect(text).toMatch(/1,234 rows, [\d,]+\/s/);
  expect(text).not.toMatch(/left|%/);
});

test('progress is plain lines without a terminal, and nothing with --quiet', () => {
  const plain = capture(false);
  new Progress(plain.output, { unit: 'rows', total: 200, lineIntervalMs: 0 }).update(50);
  expect(plain.stderr()).toMatch(/^50 rows, [\d,]+\/s, .* left\n$/);
  const seldom = capture(false);
  new Progress(seldom.output, { unit: 'rows', total: 200 }).update(50);
  expect(seldom.stderr()).toBe('');
  for (const terminal of [true, false]) {
    const quiet = capture(terminal, { quiet: true });
    using progress = new Progress(quiet.output, { unit: 'rows', total: 200, lineIntervalMs: 0 });
    progress.update(50);
    expect(quiet.stderr()).toBe('');
  }
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms reads %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.skipIf(terminalMissing)(
  'drain on a terminal shows its bar on stderr, and the answer stands by itself',
  async () => {
    await registry.store();
    await registry.passTime('25 hours');
    const drained = await cli.run(['drain'], { terminal: true });
    expect(drained.exitCode).toBe(0);
    expect(drained.stdout).toContain('objects deleted');
    expect(drained.stdout).toMatch(/Condemned 1 file, deleted 1 object/);
  },
);

test('there are no colours', async () => {
  for (const args of [['--help'], ['status'], ['nothing']]) {
    const { stdout, stderr } = await cli.run(args, { env: { FORCE_COLOR: '1' } });
    expect(stdout + stderr).not.toContain('\u001b[');
  }
});

test('--version and --help go to stdout, no command at all is wrong usage', async () => {
  expect((await cli.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await cli.run(['drain', '--help'])).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringContaining('--database-url'),
  });
  expect(await cli.run([])).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining('Commands:'),
  });
});
