/**
 * Headers between a worker and the main process, on its private socket only. Those that a client sends are removed by the
 * worker, and none of them is sent to a client.
 */
import type { ServerResponse } from 'node:http';
import type { CachedResponse, Outcome, ReplySource } from './response-cache.js';

/** What all of them begin with. */
export const INTERNAL_PREFIX = 'x-modhaven-';

/** Of a request: what the gate of the worker decided. See `gate.ts`. */
export const ADMISSION_HEADER = `${INTERNAL_PREFIX}admission`;
/** Of a request that somebody untrusted has passed on to the worker. */
export const UNTRUSTED_HEADER = `${INTERNAL_PREFIX}through-untrusted`;
/** Of a response: what the log says about it. */
export const OUTCOME_HEADER = `${INTERNAL_PREFIX}outcome`;
/** Of a response to a request that the worker deferred: who was admitted, and whether the module is private. */
export const DECISION_HEADER = `${INTERNAL_PREFIX}decision`;
/** Of a response that may change and that the worker may keep: when it was known to be so. */
export const FRESHNESS_HEADER = `${INTERNAL_PREFIX}freshness`;

/** A header value of a few named texts; those that are undefined are left out. */
export function writeFields(fields: Readonly<Record<string, string | undefined>>): string {
  return encodeURIComponent(JSON.stringify(fields));
}

/** What `writeFields` wrote; no fields for anything else. */
export function readFields(header: string): Readonly<Record<string, string | undefined>> {
  try {
    const value: unknown = JSON.parse(decodeURIComponent(header));
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string'));
  } catch {
    return {};
  }
}

export function encodeOutcome({ module, version, cache, source }: Outcome): string {
  return writeFields({ module, version, cache, source });
}

export function decodeOutcome(header: string): Outcome {
  const { module, version, cache, source } = readFields(header);
  return {
    ...(module !== undefined && { module }),
    ...(version !== undefined && { version }),
    ...((cache === 'hit' || cache === 'fetch') && { cache }),
    ...(isReplySource(source) && { source }),
  };
}

const SOURCES: readonly (string | undefined)[] = [
  'memory',
  'store',
  'git',
  'upstream',
  'discovery',
  'offline',
] satisfies ReplySource[];

function isReplySource(text: string | undefined): text is ReplySource {
  return SOURCES.includes(text);
}

/** Says to the worker what it may know of a response from the cache or the store, before that is sent. */
export function annotateForWorker(
  response: ServerResponse,
  { outcome, asOf }: CachedResponse,
  source: ReplySource,
): void {
  response.setHeader(OUTCOME_HEADER, encodeOutcome({ ...outcome, source }));
  if (asOf !== undefined) response.setHeader(FRESHNESS_HEADER, String(asOf));
}

/** Milliseconds since 1970 of a FRESHNESS_HEADER; undefined for anything else. */
export function decodeFreshness(header: string): number | undefined {
  const asOf = Number(header);
  return header !== '' && Number.isFinite(asOf) ? asOf : undefined;
}
