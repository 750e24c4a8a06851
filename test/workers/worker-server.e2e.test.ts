/** The server of a worker, in this process, beside the main process that it asks. */
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Faults } from '../../src/log/faults.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { openGate } from '../../src/proxy/gate.js';
import { ResponseCache } from '../../src/proxy/response-cache.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { putBytes } from '../../src/store/version-store.js';
import { WorkerServer } from '../../src/workers/worker-server.js';
import { ask, until } from '../support/ask.js';
import { removeTree, tempDir } from '../support/tmp.js';

const INFO = { module: parseModulePath('ex.com/m'), version: 'v1.0.0', kind: 'info' } as const;
const INFO_PATH = '/ex.com/m/@v/v1.0.0.info';
const LIST_PATH = '/ex.com/m/@v/list';

let folder: string;
let main: Server;
let asked: string[];
let answerMain: () => void;
let worker: WorkerServer;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'wsrv-')); // short enough for a socket
  const socket = path.join(folder, 's');
  asked = [];
  let mayAnswer = Promise.resolve();
  answerMain = () => undefined;
  main = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/ex.com/slow/@v/list') {
      mayAnswer = new Promise((resolve) => (answerMain = resolve));
    }
    void mayAnswer.then(() =>
      response.writeHead(200, { 'content-length': 7, 'x-modhaven-as-of': `${Date.now()}` }).end('v1.0.0\n'),
    );
  });
  await new Promise<void>((resolve) => main.listen(socket, resolve));
  const store = createDiskStore(await tempDir('store'));
  await putBytes(store, INFO, Buffer.from('{"Version":"v1.0.0"}'));
  worker = new WorkerServer({
    gate: openGate,
    observer: { replied: () => undefined },
    faults: new Faults({ log: pino({ level: 'silent' }) }),
    cache: new ResponseCache({ maxBytes: () => 2 ** 20, refreshMs: () => 60_000 }),
    store,
    trusts: () => false,
    socket,
  });
  await worker.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(worker.address() as AddressInfo).port}`;
});
afterEach(async () => {
  answerMain();
  await worker.close();
  main.closeAllConnections();
  main.close();
  removeTree(folder);
});

it('answers what is stored without the main process, and hands on the rest', async () => {
  expect((await ask(url, INFO_PATH)).text).toBe('{"Version":"v1.0.0"}');
  expect(asked).toEqual([]);
  expect((await ask(url, LIST_PATH)).text).toBe('v1.0.0\n');
  expect(asked).toEqual([LIST_PATH]);
});

it('counts its connections', async () => {
  await ask(url, INFO_PATH);
  const count = await until(
    () => worker.connections.count,
    (held) => held === 0,
  );
  expect(count).toBe(0);
});

it('ends when its last request has, and turns away new ones until then', async () => {
  const slow = ask(url, '/ex.com/slow/@v/list');
  await until(
    () => asked.length,
    (count) => count === 1,
  );
  let isClosed = false;
  const closed = worker.close().then(() => (isClosed = true));
  const refused = await ask(url, INFO_PATH);
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
  expect(isClosed).toBe(false);
  answerMain();
  expect((await slow).status).toBe(200);
  await closed;
  await expect(ask(url, INFO_PATH)).rejects.toThrow('ECONNREFUSED');
});
