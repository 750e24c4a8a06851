/** Kept connections to http hosts, by what decides how one is made. */
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Agent, ProxyAgent, buildConnector, type Dispatcher } from 'undici';
import { LRUCache } from 'lru-cache';
import { lookUpPublic } from './public-address.js';
import type { PreparedTrust } from './trust.js';
import { proxyAuthorization } from './web-proxy.js';

export interface ConnectionOptions {
  trust: PreparedTrust | undefined;
  /** Milliseconds until a connection, with its TLS handshake, is made. */
  connectTimeoutMs: number;
  /** Whether the host must have a public address. */
  publicOnly: boolean;
  proxy: URL | undefined;
}

/** Hosts close connections that rest for longer, most often after a minute. */
const KEPT_MS = 60_000;
const KEPT_AT_MOST_MS = 10 * 60_000;

const dispatchers = new LRUCache<string, Dispatcher>({
  max: 50,
  // Running requests may end; nothing waits for them.
  dispose: (dispatcher) => void dispatcher.close().catch(() => undefined),
});

/** The dispatcher for connections of this kind. */
export function dispatcherFor(options: ConnectionOptions): Dispatcher {
  const { trust, connectTimeoutMs, publicOnly, proxy } = options;
  const key = [trust?.key ?? '', connectTimeoutMs, publicOnly, proxy?.href ?? ''].join('\0');
  let dispatcher = dispatchers.get(key);
  if (dispatcher === undefined) {
    dispatcher = createDispatcher(options);
    dispatchers.set(key, dispatcher);
  }
  return dispatcher;
}

function createDispatcher({ trust, connectTimeoutMs, publicOnly, proxy }: ConnectionOptions): Dispatcher {
  const connecting = {
    timeout: connectTimeoutMs,
    // Of several addresses each gets its time: a quarter of a second, as Node has it, is less than one lost packet.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(connectTimeoutMs / 2)),
  };
  const tls =
    trust?.context === undefined
      ? { rejectUnauthorized: trust === undefined }
      : { secureContext: trust.context };
  const keeping = { keepAliveTimeout: KEPT_MS, keepAliveMaxTimeout: KEPT_AT_MOST_MS, pipelining: 1 };
  if (proxy === undefined) {
    const connect = buildConnector({
      ...connecting,
      ...tls,
      ...(publicOnly ? { lookup: lookUpPublic } : {}),
    });
    return new Agent({ ...keeping, connect: observed(connect) });
  }
  const token = proxyAuthorization(proxy);
  return new ProxyAgent({
    ...keeping,
    uri: proxy.origin,
    ...(token === undefined ? {} : { token }),
    // Plain http is sent to a proxy with the whole address: many allow tunnels to port 443 alone.
    proxyTunnel: false,
    proxyTls: { ...connecting, ...tls },
    requestTls: { ...connecting, ...tls },
  });
}

/** Requests that each connection has carried. */
const uses = new WeakMap<object, number>();
subscribe('undici:client:sendHeaders', (message) => {
  const { socket } = message as { socket: Socket };
  uses.set(socket, (uses.get(socket) ?? 0) + 1);
});

/** Errors of connections that had carried a request before. */
const ofKept = new WeakSet<Error>();

/** Whether `error` ended a connection that was kept from an earlier request: the host may have closed it just then. */
export function isOfKeptConnection(error: unknown): boolean {
  return error instanceof Error && ofKept.has(error);
}

/** Makes connections whose errors `isOfKeptConnection` can tell. */
function observed(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]: Parameters<buildConnector.Callback>) => {
      socket?.prependListener('error', (failure: Error) => {
        if ((uses.get(socket) ?? 0) > 1) ofKept.add(failure);
      });
      if (error === null) callback(null, socket);
      else callback(error, null);
    });
  };
}
