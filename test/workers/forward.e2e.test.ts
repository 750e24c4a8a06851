/** What a worker does with a main process that says nothing, shows signs of life, or breaks off. */
import { createServer, type RequestListener } from 'node:http';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Faults } from '../../src/log/faults.js';
import { createEntrance } from '../../src/proxy/entrance.js';
import { openGate } from '../../src/proxy/gate.js';
import { RequestTracker } from '../../src/proxy/request-tracker.js';
import { ResponseCache } from '../../src/proxy/response-cache.js';
import { createForwarder } from '../../src/workers/forward.js';
import { ask } from '../support/ask.js';
import { listenOnLoopback } from '../support/loopback.js';
import { removeTree } from '../support/tmp.js';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** The address of a worker whose main process is `main`. */
async function worker(main: RequestListener, idleTimeoutMs = 300): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fwd-'));
  const socket = path.join(folder, 's');
  const server = createServer(main);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const cache = new ResponseCache({ maxBytes: () => 2 ** 20, refreshMs: () => 60_000 });
  const trusts = (): boolean => false;
  const forward = createForwarder({ socket, cache, trusts, idleTimeoutMs });
  const tracker = new RequestTracker({ replied: () => undefined }, trusts);
  const faults = new Faults({ log: pino({ level: 'silent' }) });
  const entrance = createEntrance(
    { gate: openGate, tracker, faults, trusts: () => false, isClosing: () => false },
    forward,
  );
  const host = await listenOnLoopback(createServer(entrance));
  ends.push(async () => {
    await host.stop();
    server.closeAllConnections();
    server.close();
    removeTree(folder);
  });
  return `http://127.0.0.1:${host.port}`;
}

describe('a forwarded request', () => {
  it('is given up when the main process says nothing', async () => {
    const url = await worker(() => undefined);
    const { status, headers, text } = await ask(url, '/x');
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(text).toContain('modhaven cannot answer now: its main process does not');
  });

  it('waits as long as the main process shows that it is at it', async () => {
    const url = await worker((_request, response) => {
      let signs = 0;
      const timer = setInterval(() => {
        signs += 1;
        if (signs < 8) {
          response.writeProcessing();
        } else {
          clearInterval(timer);
          response.end('late');
        }
      }, 300);
    }, 1_500);
    expect(await ask(url, '/x')).toMatchObject({ status: 200, text: 'late' });
  });

  it('may be of HTTP/1.0, without a Host', async () => {
    const url = new URL(await worker((request, response) => response.end(`host "${request.headers.host}"`)));
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => socket.write('GET /x HTTP/1.0\r\n\r\n'));
      let said = '';
      socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(said));
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*host ""$/);
  });

  it('breaks off where the main process does', async () => {
    const url = await worker((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setTimeout(() => response.destroy(), 50);
    });
    await expect(ask(url, '/x')).rejects.toThrow(/aborted|hang up/);
  });

  it('ends at the main process when its client leaves', async () => {
    let left: () => void;
    const hasLeft = new Promise<void>((resolve) => (left = resolve));
    const url = await worker((_request, response) => {
      response.on('close', () => left());
      response.writeHead(200).write('a beginning');
    });
    const controller = new AbortController();
    await fetch(`${url}/x`, { signal: controller.signal });
    controller.abort();
    await hasLeft;
  });
});
