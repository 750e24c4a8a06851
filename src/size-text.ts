/** Numbers of bytes for people. */

/** `1.5 MiB`, `12 B`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 2 ** (10 * power);
  return `${power === 0 ? String(value) : value.toFixed(1)} ${units[power] ?? ''}`;
}
