import type { FileRegistryOptions } from '../../options/file-registry-options.js';
import { optionLimits, processorLimits } from '../../options/option-defaults.js';
import { UsageError } from '../errors/usage-error.js';

const prefix = 'FILE_REGISTRY_';
const storagePrefix = `${prefix}STORAGE_`;

/** The variables that set a number of milliseconds or bytes, by option: `gracePeriodMs` is `FILE_REGISTRY_GRACE_PERIOD_MS`. */
export const numberVariables = Object.fromEntries(
  Object.keys(optionLimits).map((option) => [option, prefix + upperSnake(option)]),
);
export const processorVariables = Object.fromEntries(
  Object.keys(processorLimits).map((option) => [option, `${prefix}PROCESSOR_${upperSnake(option)}`]),
);

/** Lists of types with commas; a type that has one itself needs a file. */
export const ownerTypeVariables = {
  ignore: `${prefix}OWNER_TYPES_IGNORE`,
  only: `${prefix}OWNER_TYPES_ONLY`,
};

type EnvironmentOptions = Partial<
  Pick<FileRegistryOptions, 'schema' | 'defaultStorage' | 'environment' | 'ownerTypes' | 'processor'>
> &
  Partial<Record<keyof typeof optionLimits, number>>;

/** @throws UsageError naming the variable. */
export function environmentOptions(environment: NodeJS.ProcessEnv): EnvironmentOptions {
  const { FILE_REGISTRY_SCHEMA: schema, FILE_REGISTRY_DEFAULT_STORAGE: defaultStorage } = environment;
  const name = environment['FILE_REGISTRY_ENVIRONMENT'];
  return {
    ...(schema && { schema }),
    ...(defaultStorage && { defaultStorage }),
    ...(name && { environment: name }),
    ...ownerTypes(environment),
    ...numbers(numberVariables, environment),
    processor: numbers(processorVariables, environment),
  };
}

/**
 * The URLs of storages by name. A variable in capitals names a storage in small letters, any other is the name as it stands:
 * `FILE_REGISTRY_STORAGE_MEDIA` is `media`, `FILE_REGISTRY_STORAGE_userMedia` is `userMedia`.
 *
 * @throws UsageError where two variables name one storage.
 */
export function storageUrls(environment: NodeJS.ProcessEnv): Map<string, string> {
  const found = new Map<string, string>();
  for (const [variable, url] of Object.entries(environment)) {
    const rest = variable.startsWith(storagePrefix) ? variable.slice(storagePrefix.length) : '';
    if (rest !== '' && url !== undefined && url !== '') {
      const name = rest === rest.toUpperCase() ? rest.toLowerCase() : rest;
      if (found.has(name)) {
        throw new UsageError(
          `${storagePrefix}${name.toUpperCase()} and ${storagePrefix}${name} both say where the storage '${name}' is. Keep one of them.`,
        );
      }
      found.set(name, url);
    }
  }
  return found;
}

function numbers(
  variables: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [option, variable] of Object.entries(variables)) {
    const text = environment[variable];
    if (text !== undefined && text !== '') {
      if (!/^\d{1,15}$/.test(text)) {
        throw new UsageError(`${variable}: expected a whole number, received '${text}'.`);
      }
      found[option] = Number(text);
    }
  }
  return found;
}

function ownerTypes(environment: NodeJS.ProcessEnv): Pick<FileRegistryOptions, 'ownerTypes'> {
  const lists = Object.entries(ownerTypeVariables).flatMap(([name, variable]) => {
    const types = environment[variable]?.split(',').map((type) => type.trim());
    return types === undefined || types.join('') === '' ? [] : [[name, types] as const];
  });
  return lists.length === 0 ? {} : { ownerTypes: Object.fromEntries(lists) };
}

function upperSnake(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
