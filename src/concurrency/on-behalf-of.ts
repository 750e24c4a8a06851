/**
 * On whose behalf work is done: the client, and the request of it that began the work. What shares out turns
 * (`concurrency/host-limiter.ts`) and the log ask here, far below what knows of requests. Work that several wait for is
 * done on behalf of the one that came first. Why this is not an argument, and what it costs: docs/decisions/on-behalf-of.md.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Behalf {
  readonly client: string;
  /** The id of the request (`proxy/http/request-id.ts`). */
  readonly requestId: string | undefined;
}

const SELF: Behalf = { client: '', requestId: undefined };

/** How long no such work has run when the context is given up, at least, in milliseconds. */
const REST_MS = 1_000;

const behalf = new AsyncLocalStorage<Behalf>();

/** Work on behalf of clients that has not ended. */
let running = 0;
let rest: NodeJS.Timeout | undefined;

/** Runs `work`, and all that it starts, on behalf of a client. What is left out stays as it is around the call. */
export function onBehalfOf<T>(of: Partial<Behalf>, work: () => T): T {
  running += 1;
  let result: T | undefined;
  try {
    result = behalf.run({ ...(behalf.getStore() ?? SELF), ...of }, work);
    return result;
  } finally {
    if (result instanceof Promise) result.then(ended, ended);
    else ended();
  }
}

/**
 * While a context is in use, Node 20 has hooks on everything asynchronous, also for requests that never ask for it: a reply from
 * memory takes 10 % more processor time. So it is given up when no such work has run for a moment.
 */
function ended(): void {
  running -= 1;
  if (running > 0) return;
  rest ??= setTimeout(() => {
    rest = undefined;
    if (running === 0) behalf.disable();
  }, REST_MS).unref();
}

/** The client that the running work is for; '' for the server's own. */
export function currentClient(): string {
  return behalf.getStore()?.client ?? '';
}

/** The id of the request that the running work is for; undefined for the server's own. */
export function currentRequestId(): string | undefined {
  return behalf.getStore()?.requestId;
}
