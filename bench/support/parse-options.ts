import { parseArgs } from 'node:util';

const sizes = ['small', 'medium', 'full'] as const;

/** `small` tries things out, `medium` leaves out what takes the most of an hour. */
export type Size = (typeof sizes)[number];

export interface BenchOptions {
  readonly names: readonly string[];
  /** One line a figure instead of tables. */
  readonly json: boolean;
  readonly samples: number;
  readonly size: Size;
  /** An ext4 of our own, mounted through a loop device, as the media folder. */
  readonly loopExt4: boolean;
  readonly help: boolean;
}

export const samplesDefault = 5;
const samplesMax = 50;

/** @throws Error whose message is for whoever typed the command. */
export function parseOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      samples: { type: 'string', default: String(samplesDefault) },
      size: { type: 'string', default: 'full' },
      'loop-ext4': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const samples = Number(values.samples);
  if (!Number.isInteger(samples) || samples < 1 || samples > samplesMax) {
    throw new Error(`--samples must be a whole number from 1 to ${samplesMax}. Received: ${values.samples}.`);
  }
  const size = sizes.find((each) => each === values.size);
  if (size === undefined) {
    throw new Error(`--size must be small, medium or full. Received: ${values.size}.`);
  }
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no benchmark '${unknown.join("', '")}'. There are: ${known.join(', ')}.`);
  }
  return {
    names: positionals,
    json: values.json,
    samples,
    size,
    loopExt4: values['loop-ext4'],
    help: values.help,
  };
}
