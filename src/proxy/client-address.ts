/**
 * Who asks: the address of the connection, or what a trusted proxy in front says of it.
 *
 * A unix socket has no address; who may write to it was decided by its permissions, so it is trusted.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

/** Whether the headers of a proxy at `address` count. */
export type Trust = (address: string | undefined) => boolean;

/** Trust in the addresses and CIDRs of `trustProxy()`, which are read anew only when the list is another one. */
export function createTrust(trustProxy: () => readonly string[]): Trust {
  let known: readonly string[] | undefined;
  let list = new BlockList();
  return (address) => {
    if (address === undefined) return true;
    const trusted = trustProxy();
    if (trusted.length === 0) return false;
    if (trusted !== known) {
      list = blockListOf(trusted);
      known = trusted;
    }
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

/** The last address before those that are trusted. Undefined at a unix socket without a proxy. */
export function clientAddress({ socket, headers }: IncomingMessage, trusts: Trust): string | undefined {
  let address = socket.remoteAddress;
  if (!trusts(address)) return address;
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined) return address;
  const hops = String(forwarded).split(',');
  for (let hop = hops.pop(); hop !== undefined && trusts(address); hop = hops.pop()) address = hop.trim();
  return address;
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
