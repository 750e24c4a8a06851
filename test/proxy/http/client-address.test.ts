import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress, createTrust } from '../../../src/proxy/http/client-address.js';

const asked = (remoteAddress: string | undefined, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('clientAddress', () => {
  const rows: {
    name: string;
    trust: string[];
    from: string | undefined;
    forwarded?: string;
    client: string | undefined;
  }[] = [
    { name: 'a direct client', trust: [], from: '10.0.0.7', client: '10.0.0.7' },
    {
      name: 'a stranger who forwards',
      trust: ['10.0.0.1'],
      from: '10.0.0.7',
      forwarded: '1.1.1.1',
      client: '10.0.0.7',
    },
    {
      name: 'a trusted proxy',
      trust: ['10.0.0.0/8'],
      from: '10.0.0.1',
      forwarded: '1.1.1.1',
      client: '1.1.1.1',
    },
    { name: 'a trusted proxy that says nothing', trust: ['10.0.0.1'], from: '10.0.0.1', client: '10.0.0.1' },
    {
      name: 'a client who forwards itself',
      trust: ['10.0.0.1'],
      from: '10.0.0.1',
      forwarded: '6.6.6.6, 1.1.1.1',
      client: '1.1.1.1',
    },
    {
      name: 'two proxies',
      trust: ['10.0.0.0/8'],
      from: '10.0.0.1',
      forwarded: '6.6.6.6, 1.1.1.1, 10.0.0.2',
      client: '1.1.1.1',
    },
    {
      name: 'proxies only',
      trust: ['10.0.0.0/8'],
      from: '10.0.0.1',
      forwarded: '10.0.0.3,10.0.0.2',
      client: '10.0.0.3',
    },
    {
      name: 'an IPv4 address in IPv6 form',
      trust: ['127.0.0.1'],
      from: '::ffff:127.0.0.1',
      forwarded: '1.1.1.1',
      client: '1.1.1.1',
    },
    {
      name: 'a proxy that names the port of the client',
      trust: ['10.0.0.0/8'],
      from: '10.0.0.1',
      forwarded: '1.1.1.1:4711, 10.0.0.2:80',
      client: '1.1.1.1',
    },
    {
      name: 'the same with IPv6',
      trust: ['fd00::/8'],
      from: 'fd00::1',
      forwarded: '[2001:db8::7]:4711',
      client: '2001:db8::7',
    },
    { name: 'IPv6', trust: ['fd00::/8'], from: 'fd00::1', forwarded: '2001:db8::7', client: '2001:db8::7' },
    { name: 'a unix socket', trust: [], from: undefined, client: undefined },
    { name: 'a proxy at a unix socket', trust: [], from: undefined, forwarded: '1.1.1.1', client: '1.1.1.1' },
    {
      name: 'text that is not an address',
      trust: ['10.0.0.1'],
      from: '10.0.0.1',
      forwarded: 'unknown',
      client: 'unknown',
    },
  ];
  it.each(rows)('$name', ({ trust, from, forwarded, client }) => {
    expect(
      clientAddress(
        asked(from, forwarded),
        createTrust(() => trust),
      ),
    ).toBe(client);
  });

  it('follows the list when it becomes another', () => {
    let list = ['10.0.0.1'];
    const trusts = createTrust(() => list);
    expect([trusts('10.0.0.1'), trusts('10.0.0.2')]).toEqual([true, false]);
    list = ['10.0.0.2'];
    expect([trusts('10.0.0.1'), trusts('10.0.0.2')]).toEqual([false, true]);
  });
});
