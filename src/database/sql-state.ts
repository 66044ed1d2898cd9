/**
 * The five-character SQLSTATE of a driver's error, wherever the library around the driver put it: in the `cause`, or where Prisma
 * keeps it.
 */
export function sqlStateOf(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const { code, originalCode, cause, meta } = current as Record<string, unknown>;
    const found = [code, originalCode].find(isSqlState);
    if (found !== undefined) {
      return found;
    }
    // Prisma's driver adapters wrap the driver's error, its engines before version 7 tell the code alone.
    const { driverAdapterError = meta } = Object(meta) as { driverAdapterError?: unknown };
    current = cause ?? driverAdapterError;
  }
  return undefined;
}

/** Not `EPIPE`, which Node says, and not `P2010`, which is Prisma's; PL/pgSQL's own begin with P0. */
function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^(?!E|P[1-9])[0-9A-Z]{5}$/.test(code);
}
