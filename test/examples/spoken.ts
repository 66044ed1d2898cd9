/** A value as people write it: 86,400,000 of an option in ms is '1 day'. */
export function spoken(name: string, value: string | number | boolean): string {
  if (typeof value !== 'number') return `\`${typeof value === 'string' ? `'${value}'` : value}\``;
  if (value === 0) return '0';
  if (name.endsWith('Ms'))
    return inUnits(value, {
      year: 365 * 24 * 3600_000,
      day: 24 * 3600_000,
      hour: 3600_000,
      minute: 60_000,
      second: 1000,
      ms: 1,
    });
  if (name.endsWith('Bytes'))
    return inUnits(value, { TiB: 1024 ** 4, GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, byte: 1 });
  return value.toLocaleString('en');
}

function inUnits(value: number, units: Record<string, number>): string {
  const [unit, unitSize] = Object.entries(units).find(([, size]) => value % size === 0) ?? ['', 1];
  const count = value / unitSize;
  return `${count} ${unit}${count > 1 && !/ms|iB/.test(unit) ? 's' : ''}`;
}
