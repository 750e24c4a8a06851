/**
 * On whose behalf work is done: the client whose request began it. What shares out turns (`vcs/transport/host-limiter.ts`)
 * asks here, far below what knows of requests. Work that several wait for is done on behalf of the one who came first.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

const clients = new AsyncLocalStorage<string>();

/** Runs `work`, and all that it starts, on behalf of `client`. */
export function onBehalfOf<T>(client: string, work: () => T): T {
  return clients.run(client, work);
}

/** The client that the running work is for; '' for the server's own. */
export function currentClient(): string {
  return clients.getStore() ?? '';
}
