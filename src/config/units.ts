/**
 * Numbers with a unit, as people write them in a configuration file.
 *
 * Durations follow Go's `time.ParseDuration` without fractions and signs (`1h30m`, `500ms`); sizes follow the IEC and
 * SI prefixes (`GiB` = 2^30, `GB` = 10^9). A bare number is bytes for a size; for a duration only `0` is clear
 * without a unit.
 */

/** Milliseconds of `30s`, `2m`, `1h30m`, `500ms`, `0`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (DURATIONS[unit ?? ''] ?? 0), 0);
}

/** Bytes of `50GiB`, `10MB`, `1048576`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = SIZES[unit.toLowerCase()];
  if (amount === undefined || factor === undefined) return undefined;
  const bytes = Math.round(Number(amount) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** What no person means to be longer, in days: 274 years. Dates are reckoned with it. */
export const MAX_DAYS = 100_000;
/** What a timer of Node waits, in days, is less than 25. */
export const MAX_TIMEOUT_DAYS = 24;
export const DAY_MS = 86_400_000;
const DURATIONS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };
const SIZES: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
