import { describe, expect, it } from 'vitest';
import { proxyAuthorization, webProxyFor } from '../../src/http/web-proxy.js';

const PROXY = 'http://web.corp:3128';
const via = (url: string, env: NodeJS.ProcessEnv) => webProxyFor(new URL(url), env)?.href;

describe('the web proxy', () => {
  it.each([
    ['http://a.test/', { HTTP_PROXY: PROXY }, `${PROXY}/`],
    ['http://a.test/', { http_proxy: PROXY }, `${PROXY}/`],
    ['https://a.test/', { HTTP_PROXY: PROXY }, undefined],
    ['https://a.test/', { https_proxy: 'web.corp:3128' }, `${PROXY}/`],
    ['https://a.test/', { HTTPS_PROXY: '' }, undefined],
    ['http://localhost/', { HTTP_PROXY: PROXY }, undefined],
    ['http://127.9.9.9:80/', { HTTP_PROXY: PROXY }, undefined],
    ['http://[::1]/', { HTTP_PROXY: PROXY }, undefined],
  ])('for %s with %j is %s', (url, env, proxy) => {
    expect(via(url, env)).toBe(proxy);
  });

  it.each([
    ['*', 'http://a.test/', false],
    ['a.test', 'http://a.test/', false],
    ['a.test', 'http://sub.a.test/', false],
    ['a.test', 'http://ba.test/', true],
    ['.a.test', 'http://a.test/', true],
    ['*.a.test', 'http://sub.a.test/', false],
    ['x.test, A.TEST', 'http://a.test/', false],
    ['a.test:8080', 'http://a.test/', true],
    ['a.test:8080', 'http://a.test:8080/', false],
    ['a.test:80', 'http://a.test/', false],
    ['10.0.0.0/8', 'http://10.1.2.3/', false],
    ['10.0.0.0/8', 'http://11.1.2.3/', true],
    ['10.0.0.0/8', 'http://ten.test/', true],
    ['fd00::/8', 'http://[fd00::1]/', false],
    ['10.1.2.3', 'http://10.1.2.3/', false],
    ['[fd00::1]:80', 'http://[fd00::1]/', false],
    ['10.0.0.0/99', 'http://10.1.2.3/', true],
  ])('and NO_PROXY=%s for %s: %s', (list, url, isUsed) => {
    expect(via(url, { HTTP_PROXY: PROXY, NO_PROXY: list }) !== undefined).toBe(isUsed);
  });

  it.each(['socks5://web.corp', 'http://:pass@', '::'])('%s is refused without being repeated', (address) => {
    expect(() => via('http://a.test/', { HTTP_PROXY: address })).toThrow(/^HTTP_PROXY\/http_proxy holds/);
  });

  it('is shown the login in its address', () => {
    expect(proxyAuthorization(new URL('http://me:p%40ss@web.corp'))).toBe(
      `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    );
    expect(proxyAuthorization(new URL('http://web.corp'))).toBeUndefined();
  });
});
