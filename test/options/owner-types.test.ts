import { InvalidOptionError } from 'nestjs-file-registry';
import { expect, test } from 'vitest';
import { resolveOwnerTypes } from '../../src/options/owner-types.js';

test.each([
  [undefined, { ignore: [], only: null }],
  [{}, { ignore: [], only: null }],
  [
    { ignore: undefined, only: undefined },
    { ignore: [], only: null },
  ],
  [{ ignore: ['contract', 'a b,c'] }, { ignore: ['contract', 'a b,c'], only: null }],
  [{ only: ['article'] }, { ignore: [], only: ['article'] }],
])('%j is resolved', (options, resolved) => {
  expect(resolveOwnerTypes(options)).toEqual(resolved);
});

test.each([
  [null, 'ownerTypes: expected { ignore } or { only }, received null.'],
  [['article'], 'ownerTypes: expected { ignore } or { only }'],
  ['article', 'ownerTypes: expected { ignore } or { only }'],
  [{ ignore: ['a'], only: ['b'] }, 'ownerTypes: expected either ignore or only'],
  [{ select: ['a'] }, 'ownerTypes.select: no such option; there are ignore, only.'],
  [{ only: [] }, "ownerTypes.only: expected 1 to 100 types of owners such as 'article', received []."],
  [{ ignore: Array(101).fill('a') }, 'ownerTypes.ignore: expected 1 to 100 types'],
  [
    { ignore: 'article' },
    "ownerTypes.ignore: expected 1 to 100 types of owners such as 'article', received 'article'.",
  ],
  [{ only: [''] }, 'ownerTypes.only: expected 1 to 100 types'],
  [{ only: ['a\0'] }, 'ownerTypes.only: expected 1 to 100 types'],
  [{ only: ['é'.repeat(51)] }, 'ownerTypes.only: expected 1 to 100 types'],
  [{ ignore: ['file'] }, "ownerTypes.ignore: expected types of the application, not 'file' or 'registry:…'"],
  [
    { only: ['registry:hold'] },
    "ownerTypes.only: expected types of the application, not 'file' or 'registry:…'",
  ],
])('%j is refused', (options, message) => {
  expect(() => resolveOwnerTypes(options)).toThrow(InvalidOptionError);
  expect(() => resolveOwnerTypes(options)).toThrow(message);
});
