/**
 * How a process tells what it does. Any folder may say it (`measure`, `occurred`), and needs to be handed nothing for
 * that: the events go through channels of `node:diagnostics_channel`, which cost next to nothing while nothing listens.
 * `observeProcess` listens. Programs that watch a Node process may subscribe to the channels themselves.
 *
 *   modhaven:began, modhaven:ended   an activity (`events.ts`)
 *   modhaven:occurred                an occurrence
 */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isModhavenError } from '../errors.js';
import type { Activity, Began, Ended, Occurrence, ProcessObserver } from './events.js';

const BEGAN = channel('modhaven:began');
const ENDED = channel('modhaven:ended');
const OCCURRED = channel('modhaven:occurred');

/** A request as traces see it; what is known of its reply is there when the response closes. */
export interface TracedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly outcome?: { module?: string; version?: string; source?: string | undefined } | undefined;
  readonly source?: string;
}

export interface TracedResponse {
  readonly statusCode: number;
  once(event: 'close', listener: () => void): unknown;
}

/** Runs work in spans: whatever runs in `work` is found below them. */
export interface Tracing {
  activity<T>(activity: Activity, work: () => Promise<T>): Promise<T>;
  request<T>(request: TracedRequest, response: TracedResponse, work: () => T): T;
  /** Headers that tell another process which span it works for. */
  outgoing(): Record<string, string>;
}

let tracing: Tracing | undefined;
let lastId = 0;

/** Runs `work`, and tells when it begins and when it has ended, however it ends. */
export function measure<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  if (tracing !== undefined) return tracing.activity(activity, () => timed(activity, work));
  return BEGAN.hasSubscribers || ENDED.hasSubscribers ? timed(activity, work) : work();
}

/** Tells that something has happened. */
export function occurred(occurrence: Occurrence): void {
  if (OCCURRED.hasSubscribers) OCCURRED.publish(occurrence);
}

/** Answers a request by `work`, in a span of its own where there are traces. */
export function inRequest<T>(request: TracedRequest, response: TracedResponse, work: () => T): T {
  return tracing === undefined ? work() : tracing.request(request, response, work);
}

/** Headers for a request to another process of ours; undefined without traces. */
export function outgoingTrace(): Record<string, string> | undefined {
  return tracing?.outgoing();
}

/** Has requests and activities run in spans. For `tracing/start-tracing.ts`. */
export function traceWith(use: Tracing | undefined): void {
  tracing = use;
}

/** Tells `observer` of all that this process does from now on; the result ends that. */
export function observeProcess(observer: ProcessObserver): () => void {
  const listeners = [
    [BEGAN.name, (event: unknown) => observer.began?.(event as Began)],
    [ENDED.name, (event: unknown) => observer.ended?.(event as Ended)],
    [OCCURRED.name, (event: unknown) => observer.occurred?.(event as Occurrence)],
  ] as const;
  for (const [name, listener] of listeners) subscribe(name, listener);
  return () => {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  };
}

async function timed<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  lastId += 1;
  const began: Began = { id: lastId, at: performance.now(), activity };
  BEGAN.publish(began);
  let failure: string | undefined;
  try {
    return await work();
  } catch (error) {
    failure = failureOf(error);
    throw error;
  } finally {
    ENDED.publish({ ...began, ms: performance.now() - began.at, failure } satisfies Ended);
  }
}

function failureOf(error: unknown): string {
  if (isModhavenError(error)) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
