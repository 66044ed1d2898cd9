import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { HttpAdapterHost } from '@nestjs/core';
import { FileNotFoundError, StorageUnavailableError } from 'nestjs-file-registry';
import { DiscardUploadsInterceptor, FileRegistryExceptionFilter } from 'nestjs-file-registry/http';
import { lastValueFrom, type Observable, throwError } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { createTestRegistry } from '../support/create-test-registry.js';

const registry = await createTestRegistry();
const filter = new FileRegistryExceptionFilter(new HttpAdapterHost());
const interceptor = new DiscardUploadsInterceptor(registry.files);

/** A call that did not come over HTTP, as Nest tells interceptors and filters of it. */
function called(type: string, ...args: unknown[]): ExecutionContext {
  const host = new ExecutionContextHost(args);
  host.setType(type);
  return host;
}

const missing = () => new FileNotFoundError('a secret', { context: { key: 'secret' } });
const answer = { status: 'error', statusCode: 404, message: 'Not Found', code: 'FILE_NOT_FOUND' };

test('over a microservice an error of the registry ends the message', async () => {
  const ended = filter.catch(missing(), called('rpc', {}, {})) as Observable<never>;
  await expect(lastValueFrom(ended)).rejects.toEqual(answer);
  const later = filter.catch(new StorageUnavailableError('a secret'), called('rpc', {}, {}));
  await expect(lastValueFrom(later as Observable<never>)).rejects.toMatchObject({ statusCode: 503 });
});

test('over a web socket the client hears of it', () => {
  const emit = vi.fn();
  filter.catch(missing(), called('ws', { emit }, {}));
  expect(emit).toHaveBeenCalledExactlyOnceWith('exception', answer);
});

test('GraphQL is given an exception to report, without a word that is not meant for clients', () => {
  const reported = filter.catch(missing(), called('graphql', undefined, {}, {}, {}));
  expect(reported).toMatchObject({ status: 404, message: 'Not Found' });
});

test.each(['rpc', 'ws', 'graphql'])(
  'a failed call over %s keeps its error, and discards nothing that it names',
  async (type) => {
    const stored = await registry.store();
    const failing: CallHandler = { handle: () => throwError(() => missing()) };
    for (const message of [undefined, { file: { stored } }]) {
      const outcome = lastValueFrom(interceptor.intercept(called(type, message, {}), failing));
      await expect(outcome).rejects.toThrow(FileNotFoundError);
    }
    expect(await registry.files.find(stored)).not.toBeNull();
  },
);
