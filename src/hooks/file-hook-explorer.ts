import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { InvalidHookError } from '../errors/invalid-hook-error.js';
import { markedOptions } from './file-hook-decorator.js';
import { FileHook, type FileHookKind } from './file-hook.js';
import type { FileHooks, FileHookSource } from './file-hooks.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

const kinds: readonly FileHookKind[] = ['before', 'after', 'failed'];

/**
 * Finds the methods of the application that are marked as hooks. Once, when every provider is there and before any schedule
 * starts; an application that is not initialised is looked through whenever it is asked for.
 */
@Injectable()
export class FileHookExplorer implements FileHookSource, OnModuleInit {
  private found: FileHooks | undefined;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
  ) {}

  /** @throws InvalidHookError, which ends the start of the application. */
  onModuleInit(): void {
    this.found = this.explore();
  }

  get hooks(): FileHooks {
    return this.found ?? this.explore();
  }

  private explore(): FileHooks {
    const hooks: Record<FileHookKind, FileHook[]> = { before: [], after: [], failed: [] };
    // An instance may be provided under several tokens.
    const seen = new Set<unknown>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = prototypeOf(wrapper);
      const instance: unknown = wrapper.instance;
      if (prototype === null || (instance !== undefined && seen.has(instance))) {
        continue;
      }
      seen.add(instance);
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const method = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
        for (const kind of kinds) {
          const options = markedOptions(kind, method);
          if (options !== undefined) {
            refuseUnlessSingle(wrapper, name);
            const hook = `${prototype.constructor.name}.${name}`;
            hooks[kind].push(new FileHook(hook, options, (...args) => method.apply(instance, args)));
          }
        }
      }
    }
    return hooks;
  }
}

/** That of the class where it is not instantiated once for all. */
function prototypeOf({ instance, metatype, isFactory }: Wrapper): object | null {
  if ((typeof instance === 'object' && instance !== null) || typeof instance === 'function') {
    return typeof instance === 'function' ? null : (Object.getPrototypeOf(instance) as object | null);
  }
  return typeof metatype === 'function' && !isFactory
    ? ((metatype.prototype as object | undefined) ?? null)
    : null;
}

function refuseUnlessSingle(wrapper: Wrapper, method: string): void {
  if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) {
    throw new InvalidHookError(
      `The hook ${String(wrapper.name)}.${method}: its provider exists once ${wrapper.isTransient ? 'an injection' : 'a request'}, ` +
        'and no request deletes files. Move the method to a provider of the default scope that injects none of another.',
      { context: { provider: wrapper.name, method } },
    );
  }
}
