/**
 * Addresses that only a host named in the configuration may have: a page or an upstream proxy must not be able to send
 * this server to itself, to a machine of the internal network or to the metadata service of a cloud.
 *
 * The address that is checked is the one that is connected to, because both come from one look-up of the name.
 */
import { lookup as lookUpName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** The name of a host, or the address itself, that leads to an address which is not public. */
export class PrivateAddressError extends Error {
  readonly code = 'EPRIVATE';

  constructor(host: string) {
    super(`${host} is an address of an internal network, and the configuration does not name it`);
    this.name = 'PrivateAddressError';
  }
}

/** Whether `address` (an IP address) belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !NOT_PUBLIC.check(address, 'ipv4');
  if (family !== 6 || NOT_PUBLIC.check(address, 'ipv6')) return false;
  const embedded = embeddedAddress(address);
  return embedded === undefined || isPublicAddress(embedded);
}

/** Looks up a name like `dns.lookup`, but knows public addresses only. Fails with `PrivateAddressError` if there is none. */
export const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookUpName(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const allowed = found.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) callback(new PrivateAddressError(hostname), '', 0);
    else if (options.all === true) callback(null, allowed, 0);
    else callback(null, first.address, first.family);
  });
};

/** Throws `PrivateAddressError` if the host of `url` is written as an address that is not public: nothing looks that up. */
export function checkLiteralAddress(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host))) {
    throw new PrivateAddressError(url.host);
  }
}

/** The registries of special addresses of IANA, as far as no host on the internet can have them (RFC 6890). */
const NOT_PUBLIC = new BlockList();
const NETWORKS_4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['168.63.129.16', 32], // the host of a virtual machine, in one cloud
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
];
const NETWORKS_6: readonly (readonly [string, number])[] = [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];
for (const [network, bits] of NETWORKS_4) NOT_PUBLIC.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of NETWORKS_6) NOT_PUBLIC.addSubnet(network, bits, 'ipv6');

/** The IPv4 address in one of IPv6 that stands for it: mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056). */
function embeddedAddress(address: string): string | undefined {
  const groups = expand(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  const isNat64 = groups[0] === 0x64 && groups[1] === 0xff9b;
  if (isMapped || isNat64) return dotted(groups[6], groups[7]);
  return groups[0] === 0x2002 ? dotted(groups[1], groups[2]) : undefined;
}

function dotted(high = 0, low = 0): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an IPv6 address. */
function expand(address: string): number[] {
  const [plain = ''] = address.split('%', 1);
  // The parser of addresses in URLs knows every spelling, and writes one.
  const text = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [before = '', after] = text.split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (after === undefined) return parse(before);
  const [left, right] = [parse(before), parse(after)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}
