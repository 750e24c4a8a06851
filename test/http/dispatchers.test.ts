import { createSecureContext } from 'node:tls';
import { ProxyAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { dispatcherFor, isOfKeptConnection, type ConnectionOptions } from '../../src/http/dispatchers.js';

const OPTIONS: ConnectionOptions = {
  trust: undefined,
  connectTimeoutMs: 1000,
  publicOnly: false,
  proxy: undefined,
};
const of = (changed: Partial<ConnectionOptions>) => dispatcherFor({ ...OPTIONS, ...changed });

describe('dispatcherFor', () => {
  it('shares connections of one kind', () => {
    expect(of({})).toBe(of({}));
    expect(of({ proxy: new URL('http://p:3128') })).toBe(of({ proxy: new URL('http://p:3128/') }));
    const trust = () => ({ key: 'k', context: createSecureContext() });
    expect(of({ trust: trust() })).toBe(of({ trust: trust() }));
  });

  it.each<[what: string, changed: Partial<ConnectionOptions>]>([
    ['whose certificates are believed otherwise', { trust: { key: 'anything', context: undefined } }],
    ['with another time to connect', { connectTimeoutMs: 2000 }],
    ['that must reach a public address', { publicOnly: true }],
    ['through a web proxy', { proxy: new URL('http://p:3128') }],
    ['through a web proxy with another login', { proxy: new URL('http://u:p@p:3128') }],
  ])('keeps those apart %s', (_, changed) => {
    expect(of(changed)).not.toBe(of({}));
    expect(of(changed)).not.toBe(of({ ...changed, connectTimeoutMs: 3000 }));
  });

  it('goes through the proxy that is named', () => {
    expect(of({ proxy: new URL('http://p:3128') })).toBeInstanceOf(ProxyAgent);
    expect(of({})).not.toBeInstanceOf(ProxyAgent);
  });
});

it('an error that no connection had is not that of a kept one', () => {
  for (const error of [new Error('ECONNRESET'), undefined, 'text']) {
    expect(isOfKeptConnection(error)).toBe(false);
  }
});
