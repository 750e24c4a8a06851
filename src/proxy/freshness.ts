/** How the process that knows tells a worker that it may keep an answer that may change: a header between the two. */
import type { Outcome } from './response-cache.js';

export const FRESHNESS_HEADER = 'x-modhaven-freshness';

export interface AnnouncedFreshness {
  /** When the answer was known to be so, in milliseconds since 1970. */
  asOf: number;
  outcome: Outcome;
}

export function encodeFreshness(freshness: AnnouncedFreshness): string {
  return encodeURIComponent(JSON.stringify(freshness));
}

/** Of a header that `encodeFreshness` made. */
export function decodeFreshness(header: string): AnnouncedFreshness {
  return JSON.parse(decodeURIComponent(header)) as AnnouncedFreshness;
}
