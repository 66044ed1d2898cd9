import { describe, expect, it } from 'vitest';
import { InvalidKeyError } from '../../../src/errors/invalid-key-error.js';
import { StorageRefusedError } from '../../../src/errors/storage-refused-error.js';
import { StorageUnavailableError } from '../../../src/errors/storage-unavailable-error.js';
import { storageFault } from '../../../src/storage/local/storage-fault.js';

const details = { doing: 'write', key: 'a/b' };

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: it failed, write`), { code, syscall: 'write', errno: -1 });
}

describe('storageFault', () => {
  it.each([
    'ENOSPC',
    'EDQUOT',
    'EMFILE',
    'ENFILE',
    'EIO',
    'EAGAIN',
    'EBUSY',
    'ETIMEDOUT',
    'ESTALE',
    'ENOTCONN',
    'EUNHEARD',
  ])('says of %s that it may pass', (code) => {
    const cause = systemError(code);
    const fault = storageFault(cause, details);
    expect(fault).toBeInstanceOf(StorageUnavailableError);
    expect(fault).toMatchObject({ retryable: true, cause, context: { key: 'a/b', code } });
  });

  it.each(['EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'EISDIR', 'ELOOP', 'ENOTDIR', 'EEXIST', 'EFBIG'])(
    'says of %s that it stays',
    (code) => {
      const fault = storageFault(systemError(code), details);
      expect(fault).toBeInstanceOf(StorageRefusedError);
      expect((fault as Error).message).toMatch(
        new RegExp(`^Could not write 'a/b': ${code}: .*\\. [A-Z].*\\.$`),
      );
    },
  );

  it('leaves every other error as it is', () => {
    for (const error of [new InvalidKeyError('x'), new TypeError('x'), 'text', undefined]) {
      expect(storageFault(error, details)).toBe(error);
    }
  });
});
