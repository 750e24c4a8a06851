/**
 * Observers: told of every reply, also of those from memory and of those that workers give, and of all that a process does
 * for it: fetches with their phases, git commands, requests to other proxies, reloads, alarms (`observe/events.ts`). The
 * log is one; metrics are another. Read this file before adding a listener.
 *
 * The process that holds the connection of a client tells its observers of the reply; the process that fetches tells its
 * own of the fetch. An observer is called once for each event and must not block. What it throws is caught: neither the
 * reply nor the other observers notice.
 */
import type { IncomingMessage } from 'node:http';
import type { Faults } from '../log/faults.js';
import type { ProcessObserver } from '../observe/events.js';
import type { RefusalReason } from './gate.js';
import type { CachedResponse, Outcome, ReplySource } from './response-cache.js';

/** A request that has been replied to, or whose client left before that. */
export interface ReplyEvent {
  readonly requestId: string;
  /** What else the request said of itself. */
  readonly request: Pick<IncomingMessage, 'httpVersion' | 'headers'>;
  readonly method: string;
  /** The raw URL. */
  readonly url: string;
  /** As sent; 499 if the client left before anything was sent. */
  readonly status: number;
  /** From the request to the end of the response, in milliseconds; 0 for a small response from memory. */
  readonly ms: number;
  /** The address of the client, if there is one. */
  readonly client: string | undefined;
  /** The name of the principal; undefined if the client left before the gate was asked. */
  readonly principal: string | undefined;
  /** Whether the response needed a right. */
  readonly isRestricted: boolean;
  /** The private module that was read, or asked for in vain. */
  readonly privateModule?: string | undefined;
  /** Why the gate refused; undefined if it did not. */
  readonly refusal?: RefusalReason | undefined;
  readonly outcome: Outcome | undefined;
  /** Where the content came from; undefined where there was none, or where it is not that of a module. */
  readonly source: ReplySource | undefined;
  /** Of the body, in bytes, where it is known. */
  readonly bytes: number | undefined;
  /** Whether the connection ended before the response did. */
  readonly aborted: boolean;
  /** The response it came from, if that is kept in memory or on the disk. */
  readonly cached: CachedResponse | undefined;
}

/** What a process does besides replying is in `observe/events.ts`. */
export interface Observer extends ProcessObserver {
  replied?(reply: ReplyEvent): void;
}

/** One observer that tells all of `observers`, in order. */
export function observeAll(
  observers: readonly Observer[],
  faults: Pick<Faults, 'caught'>,
): Required<Observer> {
  function tell<K extends keyof Observer>(name: K, event: Parameters<Required<Observer>[K]>[0]): void {
    for (const observer of observers) {
      try {
        // The event fits the method by its name; TypeScript does not follow that through the index.
        (observer[name] as ((event: unknown) => void) | undefined)?.call(observer, event);
      } catch (error) {
        faults.caught(error, `observer.${name}`);
      }
    }
  }
  return {
    replied: (reply) => tell('replied', reply),
    began: (event) => tell('began', event),
    ended: (event) => tell('ended', event),
    occurred: (event) => tell('occurred', event),
  };
}
