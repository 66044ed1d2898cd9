import { invalidOption } from './invalid-option.js';
import { refuseUnknownOptions } from './refuse-unknown-options.js';
import { wholeNumber } from './whole-number.js';
import type { AnyKysely } from '../database/any-kysely.js';
import { toKysely } from '../database/database-handle.js';
import { isStorableText } from '../database/is-storable-text.js';
import { checkSchemaName } from '../database/schema-name.js';
import { type AmbientTransactionHost, checkTransactionHost } from '../registry/ambient-transaction-host.js';
import {
  type ResolvedRenditionOptions,
  resolveRenditionOptions,
} from '../renditions/resolve-rendition-options.js';
import { StorageMap } from '../storage/storage-map.js';
import { checkTelemetry } from '../telemetry/check-telemetry.js';
import { GuardedTelemetry } from '../telemetry/guarded-telemetry.js';
import { observedStorage } from '../telemetry/observed-storage.js';
import { checkContentTypePatterns } from './content-types.js';
import type { FileRegistryOptions, ProcessorOptions } from './file-registry-options.js';
import {
  environmentMaxBytes,
  optionDefaults,
  optionLimits,
  processorDefaults,
  processorLimits,
} from './option-defaults.js';
import { type ResolvedOwnerTypes, resolveOwnerTypes } from './owner-types.js';

type Numbers<Limits> = { readonly [Name in keyof Limits]: number };

/** The options with every default filled in and every value checked. */
export interface ResolvedOptions extends Numbers<typeof optionLimits> {
  readonly database: AnyKysely;
  readonly storages: StorageMap;
  readonly transaction: AmbientTransactionHost | undefined;
  readonly schema: string;
  readonly migrate: 'check' | 'run' | 'off';
  readonly allowedContentTypes: readonly string[] | undefined;
  readonly environment: string | null;
  readonly ownerTypes: ResolvedOwnerTypes;
  readonly telemetry: GuardedTelemetry | undefined;
  readonly renditions: ResolvedRenditionOptions;
  readonly processor: ResolvedProcessorOptions;
}

export interface ResolvedProcessorOptions extends Numbers<typeof processorLimits> {
  readonly enabled: boolean;
  readonly database: AnyKysely;
}

const optionNames = {
  ...optionLimits,
  database: true,
  storages: true,
  defaultStorage: true,
  transaction: true,
  schema: true,
  migrate: true,
  allowedContentTypes: true,
  ownerTypes: true,
  environment: true,
  telemetry: true,
  renditions: true,
  processor: true,
} as const satisfies Record<keyof FileRegistryOptions, unknown>;

/**
 * Checks the module's options and fills in the defaults.
 *
 * @throws InvalidOptionError naming the option and the value received; StorageUnusableError for storages that overlap.
 */
export function resolveOptions(options: FileRegistryOptions): ResolvedOptions {
  refuseUnknownOptions(options, optionNames);
  const processor = options.processor ?? {};
  refuseUnknownOptions(processor, { ...processorLimits, enabled: true, database: true }, 'processor.');

  const database = toKysely(options.database);
  const migrate = options.migrate ?? optionDefaults.migrate;
  if (!['check', 'run', 'off'].includes(migrate)) {
    throw invalidOption('migrate', "expected 'check', 'run' or 'off'", migrate);
  }
  const telemetry =
    options.telemetry === undefined ? undefined : new GuardedTelemetry(checkTelemetry(options.telemetry));
  const storages = resolveStorages(options, telemetry);
  return {
    database,
    storages,
    transaction: options.transaction === undefined ? undefined : checkTransactionHost(options.transaction),
    schema: checkSchemaName(options.schema ?? optionDefaults.schema),
    migrate,
    allowedContentTypes: checkContentTypePatterns(options.allowedContentTypes),
    environment: checkEnvironment(options.environment),
    ownerTypes: resolveOwnerTypes(options.ownerTypes),
    ...numbers('', optionLimits, optionDefaults, options),
    telemetry,
    renditions: resolveRenditionOptions(options.renditions, storages),
    processor: resolveProcessor(processor, database),
  };
}

function resolveStorages(
  { storages, defaultStorage }: FileRegistryOptions,
  telemetry: GuardedTelemetry | undefined,
): StorageMap {
  if (typeof storages !== 'object' || storages === null) {
    throw invalidOption('storages', 'expected an object', storages);
  }
  const [first = '', ...others] = Object.keys(storages);
  if (defaultStorage === undefined && others.length > 0) {
    throw invalidOption(
      'defaultStorage',
      `with several storages it has to say which one \`store\` writes to: expected one of ${[first, ...others].join(', ')}`,
      defaultStorage,
    );
  }
  const checked = new StorageMap({ storages, defaultStorage: defaultStorage ?? first });
  if (telemetry === undefined) {
    return checked;
  }
  const observed = Array.from(
    checked,
    ([name, storage]) => [name, observedStorage(name, storage, telemetry)] as const,
  );
  return new StorageMap({ storages: Object.fromEntries(observed), defaultStorage: checked.defaultName });
}

function checkEnvironment(environment: unknown): string | null {
  if (environment === undefined) {
    return null;
  }
  if (!isStorableText(environment, environmentMaxBytes)) {
    throw invalidOption('environment', `expected a text of 1 to ${environmentMaxBytes} bytes`, environment);
  }
  return environment;
}

function resolveProcessor(options: ProcessorOptions, database: AnyKysely): ResolvedProcessorOptions {
  const enabled = options.enabled ?? processorDefaults.enabled;
  if (typeof enabled !== 'boolean') {
    throw invalidOption('processor.enabled', 'expected true or false', enabled);
  }
  const resolved = numbers('processor.', processorLimits, processorDefaults, options);
  if (resolved.backoffMaxMs < resolved.backoffBaseMs) {
    throw invalidOption(
      'processor.backoffMaxMs',
      `expected at least processor.backoffBaseMs (${resolved.backoffBaseMs})`,
      resolved.backoffMaxMs,
    );
  }
  return {
    enabled,
    database: options.database === undefined ? database : toKysely(options.database, 'processor.database'),
    ...resolved,
  };
}

function numbers<Limits extends Readonly<Record<string, readonly [number, number]>>>(
  prefix: string,
  limits: Limits,
  defaults: Readonly<Record<keyof Limits, number>>,
  given: Readonly<Partial<Record<keyof Limits, unknown>>>,
): Numbers<Limits> {
  const resolved: Record<string, number> = {};
  for (const [name, range] of Object.entries(limits)) {
    resolved[name] = wholeNumber(prefix + name, given[name] ?? defaults[name], range);
  }
  return resolved as Numbers<Limits>;
}
