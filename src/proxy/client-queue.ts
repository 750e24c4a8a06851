/**
 * How many requests of each client wait for what is not in memory: a client that sends ever more has the further ones
 * refused, in place of a server that remembers them all. Turns at git hosts and upstreams are shared out by client, too
 * (`concurrency/on-behalf-of.ts`).
 */
import type { IncomingMessage } from 'node:http';
import { onBehalfOf } from '../concurrency/on-behalf-of.js';
import { ModhavenError } from '../errors.js';
import { ANYONE, admissionOf } from './gate.js';
import { clientAddress, type TrustProxy } from './http/client-address.js';
import { requestIdOf } from './http/request-id.js';

export interface ClientQueueOptions {
  /** Requests of one client that may wait. */
  limit: () => number;
  trusts: TrustProxy;
}

export interface WaitingClient {
  /** A login, or the address of a client without one. */
  client: string;
  requests: number;
}

export class ClientQueue {
  private readonly options: ClientQueueOptions;
  /** By client; those without a waiting request are not in it. */
  private readonly waiting = new Map<string, number>();

  constructor(options: ClientQueueOptions) {
    this.options = options;
  }

  /** The clients that wait, those with the most requests first. */
  report(): WaitingClient[] {
    return [...this.waiting]
      .map(([client, requests]) => {
        const fetcher = fetcherOf(client);
        return { client: fetcher.kind === 'server' ? 'this server' : fetcher.name, requests };
      })
      .sort((a, b) => b.requests - a.requests);
  }

  /** Runs `work` for the sender of `request`. Throws TOO_MANY_REQUESTS if too many of theirs are waiting. */
  async run<T>(request: IncomingMessage, work: () => Promise<T>): Promise<T> {
    // Many machines may share a login, and many people an address: together they tell clients apart.
    const address = clientAddress(request, this.options.trusts) ?? 'local';
    const client = `${admissionOf(request).principal.name}\n${address}`;
    const before = this.waiting.get(client) ?? 0;
    if (before >= this.options.limit()) throw tooMany(before);
    this.waiting.set(client, before + 1);
    try {
      return await onBehalfOf({ client, requestId: requestIdOf(request) }, work);
    } finally {
      const left = (this.waiting.get(client) ?? 1) - 1;
      if (left === 0) this.waiting.delete(client);
      else this.waiting.set(client, left);
    }
  }
}

/** Whom `currentClient()` means, in work that a queue has run: a login, an address, or this server itself. */
export function fetcherOf(client: string): { kind: 'user' | 'address'; name: string } | { kind: 'server' } {
  if (client === '') return { kind: 'server' };
  const [name = '', address = ''] = client.split('\n');
  return name === ANYONE.name ? { kind: 'address', name: address } : { kind: 'user', name };
}

function tooMany(count: number): ModhavenError {
  return new ModhavenError('TOO_MANY_REQUESTS', `too many requests: ${count} of yours are waiting`, {
    reason: 'this server lets each client wait for a limited number of modules at a time',
    remedy: 'try again when some of them have been answered',
  });
}
