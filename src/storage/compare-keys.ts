/**
 * Compares two keys by their UTF-8 bytes, as S3 lists them and PostgreSQL's collation "C" sorts them. JavaScript's own `<`
 * compares UTF-16, where emoji come before U+E000 to U+FFFF.
 */
export function compareKeys(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const unit = one.charCodeAt(index);
    const otherUnit = other.charCodeAt(index);
    if (unit !== otherUnit) return rank(unit) - rank(otherUnit);
  }
  return one.length - other.length;
}

/** Half surrogate pairs stand for characters behind U+FFFF, so they change places with what lies behind them in UTF-16. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
