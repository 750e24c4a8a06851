/**
 * On whose behalf work is done: the client, and the request of it that began the work. What shares out turns
 * (`vcs/transport/host-limiter.ts`) and the log ask here, far below what knows of requests. Work that several wait for is
 * done on behalf of the one that came first.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Behalf {
  readonly client: string;
  /** The id of the request (`proxy/request-id.ts`). */
  readonly requestId: string | undefined;
}

const SELF: Behalf = { client: '', requestId: undefined };

const behalf = new AsyncLocalStorage<Behalf>();

/** Runs `work`, and all that it starts, on behalf of a client. What is left out stays as it is around the call. */
export function onBehalfOf<T>(of: Partial<Behalf>, work: () => T): T {
  return behalf.run({ ...(behalf.getStore() ?? SELF), ...of }, work);
}

/** The client that the running work is for; '' for the server's own. */
export function currentClient(): string {
  return behalf.getStore()?.client ?? '';
}

/** The id of the request that the running work is for; undefined for the server's own. */
export function currentRequestId(): string | undefined {
  return behalf.getStore()?.requestId;
}
