import { expect, test } from 'vitest';
import { contentDisposition } from '../../src/storage/content-disposition.js';

test.each([
  ['photo.jpg', 'attachment; filename=photo.jpg'],
  ['my photo.jpg', 'attachment; filename="my photo.jpg"'],
  ['a"b\\c', String.raw`attachment; filename="a\"b\\c"`],
  ['Grüße', `attachment; filename="Gr??e"; filename*=UTF-8''Gr%C3%BC%C3%9Fe`],
  ['a\r\nb: c', `attachment; filename="a??b: c"; filename*=UTF-8''a%0D%0Ab%3A%20c`],
  ['half \ud83d', `attachment; filename="half ?"; filename*=UTF-8''half%20%EF%BF%BD`],
  [undefined, 'attachment'],
])('%j is written as %s', (filename, header) => {
  expect(contentDisposition('attachment', filename)).toBe(header);
});
