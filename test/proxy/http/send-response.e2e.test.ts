/** A client that stops reading keeps its connection for a bounded time. */
import http, { type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PreparedResponse } from '../../../src/proxy/http/responses.js';
import { sendResponse, STALLED_MS } from '../../../src/proxy/http/send-response.js';
import { listenOnLoopback, type LoopbackHost } from '../../support/loopback.js';

let host: LoopbackHost;
let prepared: PreparedResponse;
let sending: ServerResponse | undefined;

beforeEach(async () => {
  sending = undefined;
  const server = http.createServer((request, response) => {
    sending = response;
    sendResponse(request, response, prepared, () => false);
  });
  host = await listenOnLoopback(server);
});
afterEach(async () => host.stop());

function answerOf(size: number): PreparedResponse {
  const headers = ['content-type', 'application/zip'];
  const wholeHeaders = [...headers, 'content-length', String(size)];
  return { headers, wholeHeaders, etag: '"x"', size, hasRanges: true, body: Buffer.alloc(size, 1) };
}

it('a large answer that is not taken is ended by a time limit', async () => {
  prepared = answerOf(32 * 1024 * 1024);
  const client = connect(host.port, '127.0.0.1');
  client.on('error', () => undefined).pause();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  while (sending === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  const { socket } = sending;
  expect(socket?.timeout).toBe(STALLED_MS);
  expect(sending.writableFinished).toBe(false);
  const closed = new Promise((resolve) => socket?.once('close', resolve));
  // What Node does when nothing was taken for that long.
  socket?.emit('timeout');
  await closed;
  expect(sending.destroyed).toBe(true);
  client.destroy();
});

it('the limit does not begin before there is something to take', async () => {
  prepared = answerOf(10);
  const response = await fetch(`http://127.0.0.1:${host.port}/`);
  expect((await response.arrayBuffer()).byteLength).toBe(10);
  expect(sending?.destroyed).toBe(true);
});
