/**
 * Times in RFC 3339, to the nanosecond, as the index of modules gives and takes them. Pure.
 *
 * Followers ask for what came at a time or later, so no two versions should have the same one. What a file system says is
 * not enough for that: a restored tree has whole seconds. `momentOf` fills up what is not known with digits that depend
 * on the name alone, so that they are the same after a restart and on every replica.
 */

/** A time. */
export interface Moment {
  /** Whole microseconds since 1970. */
  readonly us: number;
  /** 0 to 999. */
  readonly ns: number;
}

/** `momentOf` gives a time of the next so many microseconds. */
export const MOMENT_SPAN_US = 1_000_000;

/** The time in the index of what is called `name` and was stored at `storedAt` (milliseconds since 1970). */
export function momentOf(storedAt: number, name: string): Moment {
  const hash = fnv1a(name);
  const us = Math.floor(storedAt * 1000);
  return { us: us % MOMENT_SPAN_US === 0 ? us + (hash % MOMENT_SPAN_US) : us, ns: (hash >>> 8) % 1000 };
}

export function compareMoments(a: Moment, b: Moment): number {
  return a.us - b.us || a.ns - b.ns;
}

/** `2026-01-02T03:04:05.123456789Z`. */
export function formatMoment({ us, ns }: Moment): string {
  const seconds = new Date(Math.floor(us / 1_000_000) * 1000).toISOString().slice(0, 19);
  const fraction = String(us % 1_000_000).padStart(6, '0') + String(ns).padStart(3, '0');
  return `${seconds}.${fraction}Z`;
}

const RFC3339 =
  /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** Undefined for what is not a time in RFC 3339. */
export function parseMoment(text: string): Moment | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const whole = text.toUpperCase().replace(/\.\d+/, '');
  const ms = Date.parse(whole);
  // Date.parse takes 30 February for 2 March.
  const day = text.slice(0, 10);
  if (Number.isNaN(ms) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return undefined;
  const fraction = (match[2] ?? '').padEnd(9, '0');
  return { us: ms * 1000 + Number(fraction.slice(0, 6)), ns: Number(fraction.slice(6)) };
}

/** A hash of 32 bits (Fowler, Noll, Vo). */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
