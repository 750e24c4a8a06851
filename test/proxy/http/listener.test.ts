import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { applyLimits, createHttpServer, refuseBrokenRequest } from '../../../src/proxy/http/listener.js';

const limits = {
  headerTimeoutMs: 30_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 72_000,
  maxConnections: 100,
};

it('takes its limits, and others later', () => {
  const server = createHttpServer(() => undefined, { limits });
  expect(server).toMatchObject({ headersTimeout: 30_000, requestTimeout: 60_000, keepAliveTimeout: 72_000 });
  expect(server.maxConnections).toBe(100);
  applyLimits(server, { ...limits, maxConnections: 5 });
  expect(server.maxConnections).toBe(5);
});

function refuse(code: string | undefined, writable = true) {
  const said: string[] = [];
  let reason: unknown;
  const socket = {
    writable,
    write: (text: string) => said.push(text),
    destroy: (error: unknown) => (reason = error),
  };
  const error = Object.assign(new Error('broken'), { code });
  refuseBrokenRequest(error, socket as unknown as Socket);
  return { text: said.join(''), isDestroyed: reason === error };
}

describe('refuseBrokenRequest', () => {
  it.each([
    ['HPE_INVALID_METHOD', 400, 'malformed request: this is not HTTP'],
    [undefined, 400, 'malformed request: this is not HTTP'],
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'the request took too long to arrive'],
    ['HPE_HEADER_OVERFLOW', 431, 'the headers of the request are too large'],
  ])('answers %s with %i, in text of the length it says', (code, status, words) => {
    const { text, isDestroyed } = refuse(code);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\nConnection: close\r\n`));
    expect(body).toBe(`${words}\n`);
    expect(Number(/Content-Length: (\d+)/.exec(head)?.[1])).toBe(body.length);
    expect(isDestroyed).toBe(true);
  });

  it('says nothing where the connection is gone', () => {
    expect(refuse('ECONNRESET', false)).toEqual({ text: '', isDestroyed: true });
  });
});
