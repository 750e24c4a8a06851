import { describe, expect, it } from 'vitest';
import { describeHttpError } from '../../src/http/errors.js';
import { IdleTimeout } from '../../src/http/request.js';

const URL_WITH_SECRETS = new URL('https://user:secret@h.corp:8443/path?token=secret');
const describeIt = (error: unknown) => describeHttpError(error, URL_WITH_SECRETS);
const withCode = (code: string, message = 'of the library') => Object.assign(new Error(message), { code });

describe('describeHttpError', () => {
  it.each([
    ['ENOTFOUND', 'the host name h.corp is not known to this server'],
    ['EAI_AGAIN', 'the name server did not answer for h.corp'],
    ['ECONNREFUSED', 'nothing listens at h.corp:8443'],
    ['EHOSTUNREACH', 'no route leads from this server to h.corp:8443'],
    ['ENETUNREACH', 'no route leads from this server to h.corp:8443'],
    ['ETIMEDOUT', 'h.corp:8443 did not answer in time'],
    ['UND_ERR_HEADERS_TIMEOUT', 'h.corp:8443 did not answer in time'],
    ['UND_ERR_BODY_TIMEOUT', 'h.corp:8443 did not answer in time'],
    ['UND_ERR_CONNECT_TIMEOUT', 'h.corp:8443 did not answer in time'],
    ['ECONNRESET', 'h.corp:8443 broke off the connection'],
    ['EPIPE', 'h.corp:8443 broke off the connection'],
    ['UND_ERR_SOCKET', 'h.corp:8443 broke off the connection'],
    ['UND_ERR_HEADERS_OVERFLOW', 'h.corp:8443 sent more headers than are read'],
    ['HPE_INVALID_CONSTANT', 'h.corp:8443 answers with something that is not http'],
    ['CERT_HAS_EXPIRED', 'the TLS certificate of h.corp:8443 has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'the TLS certificate of h.corp:8443 was made for another name'],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'the TLS certificate of h.corp:8443 is not signed by an authority that this server knows',
    ],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'h.corp:8443 does not speak TLS'],
  ])('%s: %s', (code, words) => {
    expect(describeIt(withCode(code))).toBe(words);
  });

  it.each([
    [
      'Proxy response (407) !== 200 when HTTP Tunneling',
      'the web proxy (HTTP_PROXY, HTTPS_PROXY) wants a login',
    ],
    ['Proxy Authentication Required (407)', 'the web proxy (HTTP_PROXY, HTTPS_PROXY) wants a login'],
    [
      'Proxy response (403) !== 200 when HTTP Tunneling',
      'the web proxy (HTTP_PROXY, HTTPS_PROXY) does not lead to h.corp:8443: it answered 403',
    ],
    ['error:0A00010B:SSL routines::wrong version number', 'h.corp:8443 does not speak TLS'],
    ['packet length too long', 'h.corp:8443 does not speak TLS'],
    ['something new', 'something new'],
  ])('the message %j: %s', (message, words) => {
    expect(describeIt(new Error(message))).toBe(words);
  });

  it('is the code where a library has no words', () => {
    expect(describeIt(withCode('ENEW', ''))).toBe('ENEW');
  });

  it('takes the first of several addresses', () => {
    const both = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
    expect(describeIt(both)).toBe('nothing listens at h.corp:8443');
    expect(describeIt(new TypeError('fetch failed', { cause: both }))).toBe('nothing listens at h.corp:8443');
  });

  it('looks behind an error that has no code, not behind one that has', () => {
    const cause = withCode('ECONNRESET');
    expect(describeIt(new Error('a', { cause: new Error('b', { cause }) }))).toBe(
      'h.corp:8443 broke off the connection',
    );
    expect(describeIt(Object.assign(new Error('a', { cause }), { code: 'ENOTFOUND' }))).toBe(
      'the host name h.corp is not known to this server',
    );
    expect(describeIt(new AggregateError([], 'nothing tried'))).toBe('nothing tried');
  });

  it('knows our own timeout, and what is not an error', () => {
    expect(describeIt(new IdleTimeout())).toBe('h.corp:8443 did not answer in time');
    expect(describeIt('thrown text')).toBe('thrown text');
  });
});
