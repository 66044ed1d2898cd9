import { InvalidHookError } from '../errors/invalid-hook-error.js';
import {
  type FileHookOptions,
  type ResolvedFileHookOptions,
  resolveFileHookOptions,
} from './file-hook-options.js';
import type { FileHookContext, FileHookKind } from './file-hook.js';

/** A decorator for methods that take these deletions; any other method is an error of types. */
export type FileHookDecorator<Deletion> = <
  Method extends (deletions: readonly Deletion[], context: FileHookContext) => unknown,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

const decoratorNames = {
  before: 'BeforeFileDelete',
  after: 'AfterFileDelete',
  failed: 'OnFileDeleteFailed',
} as const satisfies Record<FileHookKind, string>;

const metadataKey = (kind: FileHookKind) => `nestjs-file-registry:hook:${kind}`;

/** Marks a method. @throws InvalidOptionError; InvalidHookError where the method is one that is never found. */
export function fileHookDecorator<Deletion>(
  kind: FileHookKind,
  options: FileHookOptions,
): FileHookDecorator<Deletion> {
  const decorator = decoratorNames[kind];
  const resolved = resolveFileHookOptions(decorator, options);
  return (target, name, descriptor) => {
    const method: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof name === 'symbol' || typeof method !== 'function') {
      throw new InvalidHookError(
        `@${decorator}() on '${String(name)}': expected a method of a provider or controller, neither static nor named by a symbol.`,
        { context: { decorator, name } },
      );
    }
    Reflect.defineMetadata(metadataKey(kind), resolved, method);
  };
}

/** The options a method was marked with, if it was. */
export function markedOptions(kind: FileHookKind, method: object): ResolvedFileHookOptions | undefined {
  return Reflect.getOwnMetadata(metadataKey(kind), method) as ResolvedFileHookOptions | undefined;
}
