import { expect, test } from 'vitest';
import { safeDisposition } from '../../src/http/safe-disposition.js';

test.each([
  'image/png',
  'IMAGE/PNG',
  'image/x-icon',
  'audio/mpeg',
  'video/mp4',
  'text/plain',
  'text/plain; charset=utf-8',
  'text/plain ;charset=utf-8',
  'application/pdf',
  'image/png; name=a.xml',
])('%s is shown', (contentType) => {
  expect(safeDisposition(contentType)).toBe('inline');
});

test.each([
  'image/svg+xml',
  'IMAGE/SVG+XML; charset=utf-8',
  'image/svg',
  'image/foo+xml',
  'image/xml',
  'audio/x+xml',
  'video/mp4+XML',
  'text/plain+xml',
  'text/plain-x',
  'application/pdf+xml',
  'application/pdfx',
  'text/html',
  'x-image/png',
  '',
])('%s is saved', (contentType) => {
  expect(safeDisposition(contentType)).toBe('attachment');
});
