/** The entrance over real HTTP: pipelined requests wait their turn, and a fault ends one request only. */
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Faults } from '../../src/log/faults.js';
import { createEntrance, type AdmittedListener } from '../../src/proxy/entrance.js';
import { openGate } from '../../src/proxy/gate.js';
import type { ReplyEvent } from '../../src/proxy/observer.js';
import { RequestTracker } from '../../src/proxy/request-tracker.js';
import { ask, until } from '../support/ask.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

describe('the entrance', () => {
  let host: LoopbackHost;
  let url: string;
  let next: AdmittedListener;
  let told: ReplyEvent[];
  let faults: Faults;
  let tracker: RequestTracker;
  /** Paths in the order in which work began. */
  let begun: string[];

  beforeEach(async () => {
    [told, begun] = [[], []];
    faults = new Faults({ log: pino({ level: 'silent' }) });
    tracker = new RequestTracker({ replied: (reply) => void told.push(reply) }, () => false);
    next = (_request, response) => void response.end('ok');
    const listener: AdmittedListener = (request, response) => {
      begun.push(request.url ?? '');
      tracker.track(request, response);
      return next(request, response);
    };
    const entrance = createEntrance(
      { gate: openGate, tracker, faults, trusts: () => false, isClosing: () => false },
      listener,
    );
    host = await listenOnLoopback(createServer(entrance));
    url = `http://127.0.0.1:${host.port}`;
  });
  afterEach(async () => host.stop());

  function pipeline(count: number): Socket {
    const socket = connect(host.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const requests = Array.from({ length: count }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.write(requests.join(''));
    return socket;
  }

  it('answers pipelined requests in order, one at a time', async () => {
    let running = 0;
    let most = 0;
    next = async (request, response) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      response.end(`<${request.url ?? ''}>`);
    };
    let text = '';
    const socket = pipeline(50).on('data', (bytes: Buffer) => (text += bytes.toString()));
    await until(
      () => text,
      (all) => all.includes('</49>'),
    );
    socket.destroy();
    expect([...text.matchAll(/<\/(\d+)>/g)].map(([, i]) => Number(i))).toEqual([...Array(50).keys()]);
    expect(most).toBe(1);
  });

  it('begins nothing for requests whose client leaves while another one is answered', async () => {
    next = () => undefined;
    const socket = pipeline(200);
    await until(
      () => begun.length,
      (count) => count > 0,
    );
    socket.destroy();
    await until(
      () => told.length,
      (count) => count === 200,
    );
    expect(begun).toEqual(['/0']);
    expect(told).toHaveLength(200);
    expect(new Set(told.map(({ status, aborted }) => `${status} ${aborted}`))).toEqual(new Set(['499 true']));
    await tracker.idle();
  });

  it('gives up a connection on which more wait than anybody needs', async () => {
    next = () => undefined;
    const socket = pipeline(5_000);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    await until(
      () => told.length,
      (count) => count > 1_000,
    );
    expect(begun).toEqual(['/0']);
    next = (_request, response) => void response.end('ok');
    expect((await ask(url, '/')).status).toBe(200);
  });

  it.each<{ how: string; fail: AdmittedListener }>([
    {
      how: 'throws',
      fail: () => {
        throw new Error('unforeseen');
      },
    },
    { how: 'rejects', fail: async () => Promise.reject(new Error('unforeseen')) },
    {
      how: 'sends a header that is none',
      fail: (_request, response) => void response.writeHead(200, ['etag', 'a\nb']),
    },
  ])('answers 500 with the id of the fault when the rest $how', async ({ fail }) => {
    next = fail;
    const { status, text, headers } = await ask(url, '/x');
    const { count, last } = faults.report();
    expect([status, count, headers['cache-control']]).toEqual([500, 1, 'no-store']);
    expect(text.split('\n')).toEqual([
      `internal error in modhaven (fault ${last[0]?.id ?? ''})`,
      'the log of the server has the details',
      `request id: ${told[0]?.requestId ?? ''}`,
      '',
    ]);
    expect(headers['x-request-id']).toBe(told[0]?.requestId);
    expect(told).toMatchObject([{ url: '/x', status: 500, aborted: false }]);
    next = (_request, response) => void response.end('ok');
    expect((await ask(url, '/x')).status).toBe(200);
  });

  it('breaks the connection where a fault comes after the headers', async () => {
    next = async (_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      await new Promise(setImmediate);
      throw new Error('unforeseen');
    };
    await expect(ask(url, '/x')).rejects.toThrow(/aborted|hang up/);
    expect(faults.report().count).toBe(1);
    await tracker.idle();
    expect(told).toMatchObject([{ status: 200, aborted: true }]);
  });
});
