/**
 * Asks a list of upstream proxies, with the exact meaning of its separators (Go Modules Reference, "Communicating with
 * proxies"; `cmd/go/internal/modfetch/proxy.go`, TryProxies): after a comma the next entry is asked only if this one
 * answered 404 or 410, after a pipe on any error. If all fail, an outage is told before a "not found".
 *
 * One thing is more forgiving than in `go`: if a storage host behind a proxy fails, the proxy is asked once more and
 * then the next one, also after a comma, because the proxy itself has said that the version is there.
 */
import type { UpstreamProxy } from '../module/address/goproxy-list.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { HttpClient } from '../http/client.js';
import { measure } from '../observe/observe.js';
import { createHostLimiter } from '../concurrency/host-limiter.js';
import { timerMs } from '../timers.js';
import { StorageHostFailure, askUpstream, type Consume } from './upstream-answer.js';

export interface GoproxyClient {
  /**
   * What `consume` makes of the answer for `path` (escaped, begins with `/`). It is called again with the answer of the
   * next proxy if it throws, unless `isFinal` says that it has gone too far for that. Then `beyond`, if given, is asked:
   * what stands behind the proxies in the list. Throws MODULE_NOT_FOUND, VERSION_GONE, OVERLOADED or a HOST_ code.
   */
  read<T>(path: string, consume: Consume<T>, options?: UpstreamReadOptions<T>): Promise<T>;
  /** The same of one proxy alone. */
  readFrom<T>(proxy: UpstreamProxy, path: string, consume: Consume<T>): Promise<T>;
}

export interface UpstreamReadOptions<T> {
  isFinal?: () => boolean;
  /** Called with the failure of the list that says most; undefined if the list is empty. */
  beyond?: ((failure: unknown) => Promise<T>) | undefined;
}

export interface GoproxyClientOptions {
  http: HttpClient;
  proxies: () => readonly UpstreamProxy[];
  /** Milliseconds without a byte after which an answer is given up. */
  timeoutMs: () => number;
  /** How many answers are read at once. */
  concurrency?: number;
}

/** A whole zip may take so many times as long as a pause between two bytes; all else is small, and takes no longer than that. */
const ZIP_TIMES = 10;
const CONCURRENCY = 64;

const BUSY = {
  message: 'the upstream proxy cannot be asked now',
  questions: 'questions to upstream proxies',
  remedy: 'try again in a moment',
};

export function createGoproxyClient(options: GoproxyClientOptions): GoproxyClient {
  const { http, proxies, timeoutMs, concurrency = CONCURRENCY } = options;
  const limiter = createHostLimiter(() => concurrency, BUSY);

  function readFrom<T>(proxy: UpstreamProxy, path: string, consume: Consume<T>): Promise<T> {
    const host = new URL(proxy.url).host;
    const idleTimeoutMs = timeoutMs();
    const overallMs = timerMs(path.endsWith('.zip') ? ZIP_TIMES * idleTimeoutMs : idleTimeoutMs);
    const timeouts = { idleTimeoutMs, overallMs };
    return limiter.run(host, idleTimeoutMs, () =>
      measure({ type: 'upstream', host, path }, () => askUpstream(http, proxy, path, timeouts, consume)),
    );
  }

  return {
    readFrom,
    read: (path, consume, { isFinal = () => false, beyond } = {}) =>
      inTurn(proxies(), (proxy) => withSecondTry(() => readFrom(proxy, path, consume), isFinal), {
        isFinal,
        beyond: beyond ?? ((failure) => Promise.reject((failure ?? noUpstream(path)) as Error)),
      }),
  };
}

/** `beyond` is told the failure that says most. */
async function inTurn<T>(
  proxies: readonly UpstreamProxy[],
  ask: (proxy: UpstreamProxy) => Promise<T>,
  { isFinal, beyond }: { isFinal: () => boolean; beyond: (failure: unknown) => Promise<T> },
): Promise<T> {
  let best: unknown;
  for (const proxy of proxies) {
    try {
      return await ask(proxy);
    } catch (error) {
      const isAbsent = isFact(error);
      if (best === undefined || !isAbsent || isFact(best)) best = error;
      // Another proxy does not help against a disk that is full.
      if (isModhavenError(error, 'STORAGE')) throw error;
      const mayPass = isAbsent || proxy.fallbackOn === 'any-error' || error instanceof StorageHostFailure;
      if (!mayPass || isFinal()) throw best;
    }
  }
  return beyond(best);
}

async function withSecondTry<T>(ask: () => Promise<T>, isFinal: () => boolean): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof StorageHostFailure) || isFinal()) throw error;
    return ask();
  }
}

/** Whether the proxy said that there is nothing, as far as the rule of the comma goes. */
function isFact(error: unknown): boolean {
  return isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE');
}

function noUpstream(path: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}`, {
    reason: 'this server passes no public modules through',
    remedy: 'set upstream: in modhaven.yaml',
    remedyBy: 'admin',
  });
}
