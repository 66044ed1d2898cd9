import { checkTypeList } from '../options/owner-types.js';
import { refuseUnknownOptions } from '../options/refuse-unknown-options.js';
import { wholeNumber } from '../options/whole-number.js';

/** Options of `@BeforeFileDelete`, `@AfterFileDelete` and `@OnFileDeleteFailed`. */
export interface FileHookOptions {
  /**
   * Types of owners whose files the method is called with: a file passes if one of its last owners is of such a type. One that was
   * never attached has none and does not pass; a rendition's is `file`. Default: every file. 1 to 100 types.
   */
  readonly only?: readonly string[] | undefined;

  /**
   * Types of owners whose files the method is not called with: a file is left out if all of its last owners are of such types.
   * One that was never attached passes. With `only` beside it both must let a file pass. Default: none. 1 to 100 types.
   */
  readonly ignore?: readonly string[] | undefined;

  /** Files in one call. Default: 100. Limits: 1 to 1,000. */
  readonly batchSize?: number | undefined;

  /**
   * How long a call may take before it counts as failed; its signal fires then, and nobody waits for it any longer.
   * Default: 30 seconds. Limits: 1 ms to 10 minutes.
   */
  readonly timeoutMs?: number | undefined;
}

export interface ResolvedFileHookOptions {
  readonly only: ReadonlySet<string> | null;
  readonly ignore: ReadonlySet<string>;
  readonly batchSize: number;
  readonly timeoutMs: number;
}

export const fileHookDefaults = {
  batchSize: 100,
  timeoutMs: 30 * 1000,
} as const satisfies FileHookOptions;

export const fileHookLimits = {
  batchSize: [1, 1000],
  timeoutMs: [1, 10 * 60 * 1000],
} as const satisfies Partial<Record<keyof FileHookOptions, readonly [number, number]>>;

/** @throws InvalidOptionError naming the decorator's option. */
export function resolveFileHookOptions(decorator: string, options: unknown): ResolvedFileHookOptions {
  refuseUnknownOptions(
    options as FileHookOptions,
    { ...fileHookLimits, only: true, ignore: true },
    `@${decorator}: `,
  );
  const { only, ignore, ...numbers } = options as FileHookOptions;
  const { batchSize = fileHookDefaults.batchSize, timeoutMs = fileHookDefaults.timeoutMs } = numbers;
  return {
    only: only === undefined ? null : new Set(checkTypeList(`@${decorator}: only`, only)),
    ignore: new Set(ignore === undefined ? [] : checkTypeList(`@${decorator}: ignore`, ignore)),
    batchSize: wholeNumber(`@${decorator}: batchSize`, batchSize, fileHookLimits.batchSize),
    timeoutMs: wholeNumber(`@${decorator}: timeoutMs`, timeoutMs, fileHookLimits.timeoutMs),
  };
}
