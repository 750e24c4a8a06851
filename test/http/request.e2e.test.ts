/** One request on real connections: bodies, headers, silence, and connections that the host closes meanwhile. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  IdleTimeout,
  codeOf,
  isIdleTimeout,
  sendRequest,
  type HttpRequest,
  type HttpResponse,
} from '../../src/http/request.js';
import { PrivateAddressError } from '../../src/http/public-address.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

let respond: (request: IncomingMessage, response: ServerResponse) => void;
const sockets = new Set<Socket>();
let host: LoopbackHost;

beforeAll(async () => {
  const server = http.createServer((request, response) => respond(request, response));
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  host = await listenOnLoopback(server);
});
afterAll(() => host.stop());

/** `kind` keeps the connections of one test apart from those of the others. */
function ask(kind: number, changed: Partial<HttpRequest> = {}): Promise<HttpResponse> {
  return sendRequest({
    url: new URL(`http://127.0.0.1:${host.port}/path?q`),
    headers: {},
    signal: AbortSignal.timeout(20_000),
    idleTimeoutMs: 10_000,
    connection: { trust: undefined, connectTimeoutMs: 5000 + kind, publicOnly: false, proxy: undefined },
    ...changed,
  });
}

const bodyOf = ({ body }: HttpResponse) => text(body);

describe('sendRequest', () => {
  it('is a GET, or with a body a POST, with the headers it is given', async () => {
    respond = (request, response) => {
      void text(request).then((body) =>
        response.end(JSON.stringify([request.method, request.url, request.headers['x-a'], body])),
      );
    };
    expect(JSON.parse(await bodyOf(await ask(1, { headers: { 'x-a': '1' } })))).toEqual([
      'GET',
      '/path?q',
      '1',
      '',
    ]);
    expect(JSON.parse(await bodyOf(await ask(1, { body: 'some' })))).toEqual([
      'POST',
      '/path?q',
      null,
      'some',
    ]);
    expect(JSON.parse(await bodyOf(await ask(1, { body: '' })))).toEqual(['POST', '/path?q', null, '']);
  });

  it('answers with any status, and joins headers of one name', async () => {
    respond = (_, response) => response.writeHead(302, { location: '/x', 'set-cookie': ['a', 'b'] }).end();
    const response = await ask(2);
    await bodyOf(response);
    expect([response.status, response.header('location')]).toEqual([302, '/x']);
    expect(response.header('set-cookie')).toBe('a, b');
    expect(response.header('x-none')).toBeUndefined();
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    respond = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    };
    for (let i = 0; i < 5; i += 1) await bodyOf(await ask(3));
    expect(ports.size).toBe(1);
  });

  it('is sent again where the host closed the kept connection as it came', async () => {
    respond = (_, response) => response.end('first');
    expect(await bodyOf(await ask(4))).toBe('first');
    const kept = new Set(sockets);
    let asked = 0;
    respond = (request, response) => {
      asked += 1;
      if (kept.has(request.socket)) request.socket.destroy();
      else response.end('second');
    };
    expect(await bodyOf(await ask(4))).toBe('second');
    expect(asked).toBe(2);
  });

  it('is not sent again on a new connection that breaks off', async () => {
    let asked = 0;
    respond = (request) => {
      asked += 1;
      request.socket.destroy();
    };
    await expect(ask(5)).rejects.toMatchObject({
      code: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/) as string,
    });
    expect(asked).toBe(1);
  });

  it('ends where the host is silent, before its answer and in the middle of it', async () => {
    respond = () => undefined;
    await expect(ask(6, { idleTimeoutMs: 1_000 })).rejects.toBeInstanceOf(IdleTimeout);
    respond = (_, response) => void response.write('begin');
    const error: unknown = await bodyOf(await ask(6, { idleTimeoutMs: 1_000 })).catch(
      (thrown: unknown) => thrown,
    );
    expect(isIdleTimeout(error)).toBe(true);
  });

  it('ends when it is told to', async () => {
    const ended = new AbortController();
    respond = () => ended.abort(new Error('enough'));
    await expect(ask(7, { signal: ended.signal })).rejects.toThrow('enough');
  });

  it('asks no address of an internal network where it must be a public one', async () => {
    let asked = 0;
    respond = () => (asked += 1);
    const connection = { trust: undefined, connectTimeoutMs: 5000, publicOnly: true, proxy: undefined };
    await expect(ask(8, { connection })).rejects.toBeInstanceOf(PrivateAddressError);
    expect(asked).toBe(0);
  });
});

it('codeOf takes a code that is text, of anything', () => {
  expect([{ code: 'E' }, { code: 1 }, {}, undefined, null, 'E'].map(codeOf)).toEqual([
    'E',
    ...Array<undefined>(5),
  ]);
});
