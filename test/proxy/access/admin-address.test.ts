import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { cameThroughUntrusted, isFromAdminAddress } from '../../../src/proxy/access/admin-address.js';
import { createTrust } from '../../../src/proxy/http/client-address.js';

const trusts = createTrust(() => ['10.0.0.1']);
const isAdmin = createTrust(() => ['127.0.0.1']);

function request(remoteAddress: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

it.each<[from: string | undefined, headers: Record<string, string>, isOne: boolean]>([
  ['127.0.0.1', {}, true],
  ['192.0.2.7', {}, false],
  [undefined, {}, true],
  // A web server on the same machine that is not in trust_proxy passes on what any client sends.
  ['127.0.0.1', { 'x-forwarded-for': '192.0.2.7' }, false],
  ['127.0.0.1', { via: '1.1 other' }, false],
  ['127.0.0.1', { 'x-forwarded-host': 'goproxy.corp' }, false],
  ['127.0.0.1', { 'cf-connecting-ip': '192.0.2.7' }, false],
  ['127.0.0.1', { 'x-request-id': 'abc', 'user-agent': 'curl' }, true],
  ['10.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, true],
  ['10.0.0.1', { 'x-forwarded-for': '192.0.2.7' }, false],
])('a request from %s with %j', (from, headers, isOne) => {
  expect(isFromAdminAddress(request(from, headers), { trusts, isAdmin })).toBe(isOne);
});

it('behind workers, which had the connection, their word counts', () => {
  const options = { trusts: createTrust(() => []), isAdmin, isBehindWorkers: true };
  const headers = { 'x-forwarded-for': '127.0.0.1' };
  expect(isFromAdminAddress(request(undefined, headers), options)).toBe(true);
  const passedOn = { ...headers, 'x-modhaven-through-untrusted': 'yes' };
  expect(isFromAdminAddress(request(undefined, passedOn), options)).toBe(false);
  expect(cameThroughUntrusted(request('127.0.0.1', headers), trusts)).toBe(true);
  expect(cameThroughUntrusted(request('10.0.0.1', headers), trusts)).toBe(false);
});
