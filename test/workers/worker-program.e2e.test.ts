/** The program of a worker, started as the main process starts it and told what that would tell. */
import { fork, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import type { AuthSettings } from '../../src/config/auth-settings.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { cacheLayout } from '../../src/store/paths.js';
import { putBytes } from '../../src/store/version-store.js';
import type { FromWorker, ToWorker, WorkerStart } from '../../src/workers/messages.js';
import { ask } from '../support/ask.js';
import { freePort, listenOnLoopback } from '../support/loopback.js';
import { tempDir } from '../support/tmp.js';

const PROGRAM = fileURLToPath(new URL('../../dist/workers/worker.js', import.meta.url));
const INFO = { module: parseModulePath('ex.com/m'), version: 'v1.0.0', kind: 'info' } as const;

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

interface Talk {
  tell: (message: ToWorker) => void;
  hears: (type: FromWorker['type']) => Promise<FromWorker>;
  exit: Promise<number | null>;
}

function start(): Talk {
  const worker = (child = fork(PROGRAM, { silent: true }));
  const heard: FromWorker[] = [];
  const listeners = new Set<() => void>();
  worker.on('message', (message) => {
    heard.push(message as FromWorker);
    for (const listener of listeners) listener();
  });
  return {
    tell: (message) => worker.send(message),
    hears: (type) =>
      new Promise((resolve) => {
        const look = (): void => {
          const index = heard.findIndex((message) => message.type === type);
          if (index < 0) return;
          listeners.delete(look);
          resolve(...(heard.splice(index, 1) as [FromWorker]));
        };
        listeners.add(look);
        look();
      }),
    exit: new Promise((resolve) => worker.once('exit', resolve)),
  };
}

async function startOf(port: number): Promise<WorkerStart> {
  const cacheDir = await tempDir('cache');
  const store = createDiskStore(cacheLayout(cacheDir).download);
  await putBytes(store, INFO, Buffer.from('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}'));
  return {
    listen: { host: '127.0.0.1', port },
    stores: { cacheDir },
    socket: '/nowhere.sock',
    logLevel: 'info',
    verbose: false,
    settings: {
      trustProxy: [],
      cacheMemory: 2 ** 20,
      refreshMs: 1_000,
      auth: undefined,
      ownDatabase: undefined,
      tls: undefined,
      limits: {
        headerTimeoutMs: 30_000,
        requestTimeoutMs: 60_000,
        idleTimeoutMs: 72_000,
        maxConnections: 100,
      },
      auditFile: undefined,
      accessLogFile: undefined,
      admin: [],
      publicUrl: 'http://proxy.example',
    },
  };
}

it('answers what is stored, says what it is asked, and ends in good order', async () => {
  const { tell, hears, exit } = start();
  await hears('ready');
  const port = await freePort();
  tell({ type: 'start', start: await startOf(port) });
  await hears('listening');
  const url = `http://127.0.0.1:${port}`;
  expect((await ask(url, '/ex.com/m/@v/v1.0.0.info')).status).toBe(200);
  expect((await ask(url, '/ex.com/m/@v/list')).status).toBe(503); // there is no main process
  tell({ type: 'ping', id: 5 });
  expect(await hears('done')).toMatchObject({ id: 5 });
  tell({ type: 'forget', id: 6, before: undefined });
  expect(await hears('done')).toMatchObject({ id: 6 });
  tell({ type: 'end', handOver: false });
  expect(await exit).toBe(0);
});

it('starts while a file of auth: is broken, and then lets the main process decide about everything', async () => {
  const { tell, hears } = start();
  await hears('ready');
  const port = await freePort();
  const order = await startOf(port);
  const auth: AuthSettings = {
    htpasswdFile: undefined,
    groupsFile: undefined,
    tokensFile: '/nowhere/tokens.yaml',
    issuers: [],
    public: 'anyone',
    pages: 'anyone',
    rules: [],
    gitHost: undefined,
    gitHostTtlMs: 60_000,
  };
  tell({ type: 'start', start: { ...order, settings: { ...order.settings, auth } } });
  await hears('listening');
  const status = async () => (await ask(`http://127.0.0.1:${port}`, '/ex.com/m/@v/v1.0.0.info')).status;
  expect(await status()).toBe(503); // there is no main process
  tell({ type: 'settings', settings: order.settings });
  await expect.poll(status).toBe(200);
});

it('says why it cannot listen', async () => {
  await using taken = await listenOnLoopback(createServer());
  const { tell, hears, exit } = start();
  await hears('ready');
  tell({ type: 'start', start: await startOf(taken.port) });
  expect(await hears('failed')).toMatchObject({ reason: expect.stringContaining('EADDRINUSE') as string });
  expect(await exit).toBe(1);
});

it('ends with its main process, whatever signals come', async () => {
  const { hears, exit } = start();
  await hears('ready');
  child?.kill('SIGTERM');
  child?.kill('SIGHUP');
  child?.disconnect();
  expect(await exit).toBe(0);
});
