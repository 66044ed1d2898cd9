/**
 * Makes a browser save an answer under a name (RFC 6266): once in ASCII for whoever knows no better, once in UTF-8.
 */
export function contentDisposition(filename: string): string {
  const wellFormed = filename.toWellFormed();
  const ascii = wellFormed.replace(/[^\x20-\x7e]|["\\%]/gu, '_');
  const encoded = encodeURIComponent(wellFormed).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
