/**
 * Observers: told of every reply, also of those from memory and of those that workers give, of every fetch of a module
 * and of every git command. The log is one; metrics and traces are others. Read this file before adding a listener.
 *
 * The process that holds the connection of a client tells its observers of the reply; the process that fetches tells its
 * own of the fetch. An observer is called once for each event, after the fact, and must not block. What it throws is
 * caught: neither the reply nor the other observers notice.
 */
import type { Faults } from '../log/faults.js';
import type { CachedResponse, Outcome } from './response-cache.js';

/** A request that has been replied to, or whose client left before that. */
export interface ReplyEvent {
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
  readonly outcome: Outcome | undefined;
  /** Whether the connection ended before the response did. */
  readonly aborted: boolean;
  /** The response it came from, if that is kept in memory or on the disk. */
  readonly cached: CachedResponse | undefined;
}

/** A module was asked for at its home: nothing that was stored was enough. */
export interface FetchEvent {
  /** `git` for the repositories of our rules, `upstream` for other proxies, `discovery` for named hosts. */
  readonly source: 'git' | 'upstream' | 'discovery';
  readonly kind: 'list' | 'info' | 'mod' | 'zip';
  readonly module: string;
  /** As it was asked for; undefined for a list. */
  readonly query: string | undefined;
  readonly ms: number;
  /** The code of a failure; undefined if it succeeded. */
  readonly failure: string | undefined;
}

/** A git command, or the same said to a host from within this process. */
export interface GitEvent {
  /** Such as `fetch`, `ls-refs`, `archive`. */
  readonly command: string;
  /** The address of the repository without credentials; undefined for what only reads the disk. */
  readonly repository: string | undefined;
  readonly ms: number;
  readonly failure: string | undefined;
}

export interface Observer {
  replied?(reply: ReplyEvent): void;
  fetched?(fetch: FetchEvent): void;
  gitRan?(command: GitEvent): void;
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
    fetched: (fetch) => tell('fetched', fetch),
    gitRan: (command) => tell('gitRan', command),
  };
}
