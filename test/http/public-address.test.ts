import { describe, expect, it } from 'vitest';
import { checkLiteralAddress, isPublicAddress, lookUpPublic } from '../../src/http/public-address.js';

describe('isPublicAddress', () => {
  it.each([
    ...['127.0.0.1', '127.255.0.1', '0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '192.0.0.8'],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fd12:3456::1', 'fec0::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:a00:1', '64:ff9b::7f00:1', '64:ff9b::169.254.169.254', '2002:7f00:1::'],
    ...['::7f00:1', '::ffff:0:127.0.0.1', '64:ff9b:1::a00:1', '100::1', '2001:0:1::1', '168.63.129.16'],
    'not an address',
  ])('%s: no', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    ...['8.8.8.8', '172.32.0.1', '100.128.0.1', '192.169.0.1', '223.255.255.255'],
    ...['2606:4700::1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'],
  ])('%s: yes', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('a host whose address has to be public', () => {
  it.each([
    'http://localhost/',
    'http://x.localhost',
    'http://127.0.0.1:8080/',
    'http://[::1]/',
    'http://2130706433/',
  ])('is not %s', (url) => {
    expect(() => checkLiteralAddress(new URL(url))).toThrow(/is an address of an internal network/);
  });

  it('may be named', () => {
    expect(() => checkLiteralAddress(new URL('https://proxy.example/x'))).not.toThrow();
  });

  it('is refused where its name leads to this machine', async () => {
    const failure = await new Promise((resolve) => lookUpPublic('localhost', {}, (error) => resolve(error)));
    expect(failure).toMatchObject({ code: 'EPRIVATE' });
  });
});
