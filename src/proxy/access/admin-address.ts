/** Whether a request comes from an address that `admin:` names, and from nowhere else. */
import type { IncomingMessage } from 'node:http';
import { clientAddress, type TrustProxy } from '../http/client-address.js';
import { UNTRUSTED_HEADER } from '../internal-headers.js';

export interface AdminAddressOptions {
  trusts: TrustProxy;
  /** Whether an address is in `admin:`. */
  isAdmin: TrustProxy;
  /** Whether the requests come from workers of this server, which have looked at their headers. Default: no. */
  isBehindWorkers?: boolean;
}

/** Headers by which a request shows that somebody passed it on: `Forwarded`, `X-Forwarded-*` and the like. */
const PROXY_HEADER = /^(?:forwarded|x-forwarded-.*|x-real-ip|via|(?:true-client|cf-connecting|x-client)-ip)$/;

/** A request that somebody untrusted passed on is never local, whatever the address of the connection. */
export function isFromAdminAddress(
  request: IncomingMessage,
  { trusts, isAdmin, isBehindWorkers = false }: AdminAddressOptions,
): boolean {
  const isForeign = isBehindWorkers
    ? request.headers[UNTRUSTED_HEADER] !== undefined
    : cameThroughUntrusted(request, trusts);
  if (isForeign) return false;
  const address = clientAddress(request, trusts);
  // A unix socket without a proxy: its permissions decide which accounts may open it.
  return address === undefined || isAdmin(address);
}

/** Whether somebody who is not in `trust_proxy` has passed a request on. For the process that has its connection. */
export function cameThroughUntrusted({ headers, socket }: IncomingMessage, trusts: TrustProxy): boolean {
  // Of what proxies add, X-Forwarded-For alone is read: where a trusted one says who sent the request in another way, the
  // address of the connection is that of the proxy, and says nothing.
  if (headers['x-forwarded-for'] === undefined) {
    return Object.keys(headers).some((name) => PROXY_HEADER.test(name));
  }
  return !trusts(socket.remoteAddress);
}
