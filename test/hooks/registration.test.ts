import { Controller, type DynamicModule, Global, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AfterFileDelete,
  BeforeFileDelete,
  type FileDeletion,
  FileRegistry,
  FileRegistryModule,
  InvalidHookError,
  localStorage,
  OnFileDeleteFailed,
  OutboxProcessor,
} from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { createWatchedRegistry } from '../outbox/support/watched-registry.js';
import { hookedApp, startHookedApp } from './support/hooked-app.js';

const registry = await createWatchedRegistry();

@Injectable()
class Calls {
  readonly made: string[] = [];
}

@Injectable()
class Purge {
  constructor(@Inject(Calls) protected readonly calls: Calls) {}

  @AfterFileDelete()
  purge(deletions: readonly FileDeletion[]): void {
    this.calls.made.push(`${this.constructor.name} ${deletions.length}`);
  }
}

/** Deletes a file by an application made of these and answers which hooks were called. */
async function callsOf(
  application: Parameters<typeof startHookedApp>[1],
  isGlobal = false,
): Promise<string[]> {
  const { app, processor } = await hookedApp(registry, application, { isGlobal });
  await registry.store();
  expect(await processor.drain()).toMatchObject({ deleted: 1, failed: 0 });
  return app.get(Calls, { strict: false }).made;
}

test('a provider and a controller, with what is injected into them', async () => {
  @Controller('cdn')
  class Cdn extends Purge {}
  expect(await callsOf({ providers: [Calls, Purge], controllers: [Cdn] })).toEqual(['Purge 1', 'Cdn 1']);
});

test('a feature module, a dynamic one and a global one, without importing the registry', async () => {
  @Global()
  @Module({ providers: [Calls], exports: [Calls] })
  class CallsModule {}

  @Module({ providers: [Purge] })
  class Feature {}

  class DynamicPurge extends Purge {}
  @Module({})
  class Dynamic {
    static async forRoot(): Promise<DynamicModule> {
      return {
        module: Dynamic,
        providers: [
          {
            provide: DynamicPurge,
            useFactory: async (calls: Calls) => new DynamicPurge(calls),
            inject: [Calls],
          },
        ],
      };
    }
  }
  expect((await callsOf({ imports: [CallsModule, Feature, Dynamic.forRoot()] }, true)).toSorted()).toEqual([
    'DynamicPurge 1',
    'Purge 1',
  ]);
});

test('an instance that is provided under several tokens is called once, a value as well', async () => {
  const calls = new Calls();
  const value = new Purge(calls);
  expect(
    await callsOf({
      providers: [
        { provide: Calls, useValue: calls },
        Purge,
        { provide: 'alias', useExisting: Purge },
        { provide: 'value', useValue: value },
        { provide: 'nothing', useValue: null },
        { provide: 'text', useValue: 'text' },
        { provide: 'bare', useValue: Object.create(null) },
        { provide: 'function', useValue: () => undefined },
      ],
    }),
  ).toEqual(['Purge 1', 'Purge 1']);
});

test('an inherited method is a hook, one that is overridden without the decorator is none', async () => {
  class Heir extends Purge {}
  class Silent extends Purge {
    override purge(): void {
      this.calls.made.push('never');
    }
  }
  expect(await callsOf({ providers: [Calls, Heir, Silent] })).toEqual(['Heir 1']);
});

test('a method may be several hooks, and a provider may have several methods', async () => {
  @Injectable()
  class Many {
    constructor(@Inject(Calls) private readonly calls: Calls) {}

    @BeforeFileDelete()
    @AfterFileDelete()
    both(): void {
      this.calls.made.push('both');
    }

    @AfterFileDelete()
    after(): void {
      this.calls.made.push('after');
    }
  }
  expect(await callsOf({ providers: [Calls, Many] })).toEqual(['both', 'both', 'after']);
});

test('a hook may use the registry itself', async () => {
  @Injectable()
  class Replace {
    constructor(
      @Inject(FileRegistry) private readonly files: FileRegistry,
      @Inject(Calls) private readonly calls: Calls,
    ) {}

    @AfterFileDelete()
    async look([deletion]: readonly FileDeletion[]): Promise<void> {
      const { state } = await this.files.explain(deletion!.fileId);
      this.calls.made.push(`${state} ${(await this.files.find(deletion!.fileId)) === null}`);
    }
  }
  expect(await callsOf({ providers: [Calls, Replace] })).toEqual(['deleting true']);
});

test.each([
  ['request', Scope.REQUEST, 'once a request'],
  ['transient', Scope.TRANSIENT, 'once an injection'],
])('a hook on a provider of the scope %s is refused at the start', async (_, scope, message) => {
  @Injectable({ scope })
  class Scoped extends Purge {}
  const starting = startHookedApp(registry, { providers: [Calls, Scoped] });
  await expect(starting).rejects.toThrow(InvalidHookError);
  await expect(starting).rejects.toThrow(`The hook Scoped.purge: its provider exists ${message}`);
});

test('so is one on a provider that injects what exists once a request', async () => {
  @Injectable()
  class Indirect {
    constructor(@Inject(REQUEST) readonly request: unknown) {}

    @OnFileDeleteFailed()
    alarm(): void {}
  }
  await expect(startHookedApp(registry, { providers: [Indirect] })).rejects.toMatchObject({
    code: 'INVALID_HOOK',
    context: { provider: 'Indirect', method: 'alarm' },
  });
});

test('what can never be found is refused where the class is defined', () => {
  const decorate = (target: object, name: string | symbol, descriptor?: PropertyDescriptor) => () =>
    AfterFileDelete()(target, name, descriptor as never);
  class Example {
    static purge(): void {}
    [Symbol.iterator](): void {}
    get getter(): number {
      return 1;
    }
  }
  const of = (target: object, name: PropertyKey) => Object.getOwnPropertyDescriptor(target, name);
  expect(decorate(Example, 'purge', of(Example, 'purge'))).toThrow(InvalidHookError);
  expect(decorate(Example.prototype, Symbol.iterator, of(Example.prototype, Symbol.iterator))).toThrow(
    "@AfterFileDelete() on 'Symbol(Symbol.iterator)': expected a method",
  );
  expect(decorate(Example.prototype, 'getter', of(Example.prototype, 'getter'))).toThrow(InvalidHookError);
  expect(decorate(Example.prototype, 'field')).toThrow(InvalidHookError);
});

test('a method that takes something else is an error of types', () => {
  class Wrong {
    // @ts-expect-error the hook after is given no errors
    @AfterFileDelete()
    after(failures: readonly { error: string }[]): void {
      void failures;
    }
  }
  expect(Wrong).toBeDefined();
});

test('an application that is compiled and not initialised has its hooks all the same', async () => {
  const module = await Test.createTestingModule({
    imports: [
      FileRegistryModule.forRoot({
        database: registry.database.pool(),
        storages: { media: localStorage({ root: registry.media.path }) },
        unattachedTtlMs: 0,
        processor: { enabled: false },
      }),
    ],
    providers: [Calls, Purge],
  }).compile();
  await registry.store();
  await module.get(OutboxProcessor).drain();
  expect(module.get(Calls).made).toEqual(['Purge 1']);
  await module.close();
});
