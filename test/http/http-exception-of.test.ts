import * as registry from 'nestjs-file-registry';
import { httpExceptionOf } from 'nestjs-file-registry/http';
import { expect, test } from 'vitest';

const classes = Object.values(registry).filter(
  (exported): exported is typeof registry.FileNotFoundError =>
    typeof exported === 'function' && exported.prototype instanceof registry.FileRegistryError,
);

test('every error has a status, and says nothing that is not meant for clients', () => {
  expect(classes.length).toBeGreaterThan(40);
  for (const ErrorClass of classes) {
    const error = new ErrorClass('a secret', { context: { key: 'secret' } });
    const exception = httpExceptionOf(error);
    expect(exception.getStatus()).toBeGreaterThanOrEqual(400);
    expect(exception.cause).toBe(error);
    expect(JSON.stringify(exception.getResponse())).not.toContain('secret');
    expect(exception.message).not.toContain('secret');
  }
});

test('what a client can do nothing about is no client error', () => {
  const statusOf = Object.fromEntries(
    classes.map((ErrorClass) => {
      const error = new ErrorClass('');
      return [error.code, httpExceptionOf(error).getStatus()];
    }),
  );
  expect(statusOf).toMatchObject({
    FILE_NOT_FOUND: 404,
    FILE_CONDEMNED: 404,
    FILE_HELD: 409,
    CONTENT_TOO_LARGE: 413,
    CONTENT_TYPE_NOT_ALLOWED: 415,
    INVALID_RANGE: 416,
    INVALID_IMAGE: 422,
    INVALID_RENDITION_SPEC: 400,
    UPLOAD_EXPIRED: 408,
    UPLOAD_FAILED: 400,
    RENDITION_BUSY: 503,
    STORAGE_UNAVAILABLE: 503,
    DATABASE_UNAVAILABLE: 503,
    TRANSACTION_CONFLICT: 503,
    BYTES_MISSING: 500,
    INVALID_OPTION: 500,
    TRANSACTION_REQUIRED: 500,
    UNKNOWN_STORAGE: 500,
    STORAGE_REFUSED: 500,
  });
});

test('a rendition that cannot be made of this original is the fault of who uploaded it', () => {
  const failed = (context: object) =>
    httpExceptionOf(new registry.RenditionFailedError('', { context: { ...context } }));
  expect(failed({ code: 'INVALID_IMAGE' }).getStatus()).toBe(422);
  expect(failed({}).getStatus()).toBe(500);
});
