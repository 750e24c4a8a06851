/**
 * The address of a client: that of the connection, or the one that a trusted proxy in front names.
 *
 * A unix socket has no address; its permissions decide which accounts may write to it, so it is trusted.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';

/** Whether the headers of a proxy at `address` count. */
export type TrustProxy = (address: string | undefined) => boolean;

/** Addresses of which is remembered whether they are in the list: looking them up costs as much as an answer. */
const MAX_DECIDED = 1_000;

/** Trust in the addresses and CIDRs of `trustProxy()`, which are read anew only when it is another list. */
export function createTrust(trustProxy: () => readonly string[]): TrustProxy {
  let known: readonly string[] | undefined;
  let list = new BlockList();
  const decided = new LRUCache<string, boolean>({ max: MAX_DECIDED });
  return (address) => {
    if (address === undefined) return true;
    const trusted = trustProxy();
    if (trusted.length === 0) return false;
    if (trusted !== known) {
      list = blockListOf(trusted);
      known = trusted;
      decided.clear();
    }
    let isTrusted = decided.get(address);
    if (isTrusted === undefined) {
      const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
      isTrusted = list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
      decided.set(address, isTrusted);
    }
    return isTrusted;
  };
}

/** The last address before those that are trusted. Undefined at a unix socket without a proxy. */
export function clientAddress({ socket, headers }: IncomingMessage, trusts: TrustProxy): string | undefined {
  let address = socket.remoteAddress;
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined || !trusts(address)) return address;
  const hops = String(forwarded).split(',');
  for (let hop = hops.pop(); hop !== undefined && trusts(address); hop = hops.pop()) {
    address = withoutPort(hop.trim());
  }
  return address;
}

/** Some proxies name the port of the client as well: `192.0.2.7:4711`, `[2001:db8::7]:4711`. */
function withoutPort(hop: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/.exec(hop) ?? [];
  return bracketed ?? plain ?? hop;
}

/** The host that the client asked for, with its port if it has one: what a trusted proxy in front says of it, else `Host`. */
export function requestHost({ socket, headers }: IncomingMessage, trusts: TrustProxy): string {
  const forwarded = headers['x-forwarded-host'];
  if (forwarded === undefined || !trusts(socket.remoteAddress)) return headers.host ?? '';
  return (String(forwarded).split(',').at(-1) ?? '').trim();
}

function blockListOf(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of trusted) {
    const [network = '', bits] = entry.split('/', 2);
    const family = isIPv6(network) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(bits), family);
  }
  return list;
}
