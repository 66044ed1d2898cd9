import { readFileSync } from 'node:fs';

/** Under which name and version metrics and spans are reported: the package's own. */
export const instrumentationScope = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { readonly name: string; readonly version: string };
