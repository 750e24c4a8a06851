/** The gate contract for one process, and for a worker with a main process behind it. */
import { mkdtemp } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { Faults } from '../../src/log/faults.js';
import type { Modules } from '../../src/modfetch/repo.js';
import type { ModulePath } from '../../src/module/module-path.js';
import {
  admissionOf,
  admit,
  cacheControlFor,
  cacheKey,
  encodeAdmission,
  openGate,
  workerGate,
  type Gate,
} from '../../src/proxy/gate.js';
import { ResponseCache } from '../../src/proxy/response-cache.js';
import type { ServerOptions } from '../../src/proxy/server.js';
import { createDiskStore } from '../../src/store/disk-store.js';
import { putBytes, type OpenPart, type VersionStore } from '../../src/store/version-store.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { WorkerServer } from '../../src/workers/worker-server.js';
import { gateContract, MODULE, VERSION } from '../contract/gate.js';
import { removeTree, tempDir } from '../support/tmp.js';
import { labServer, type LabServer } from './lab.js';

const module = MODULE as ModulePath;
const faults = new Faults({ log: pino({ level: 'silent' }) });
const cache = () => new ResponseCache({ maxBytes: () => 16 * 2 ** 20, refreshMs: () => 60_000 });
const observer = { replied: () => undefined };

/** Knows one version, and says so of what is stored, too: the routes ask it for what the fast path leaves to them. */
function modulesOf(store: VersionStore): Modules {
  const unknown = (version: string) =>
    Promise.reject(new ModhavenError('VERSION_NOT_FOUND', `unknown version ${version}`));
  const open = async (): Promise<OpenPart> => {
    const file = await store.positions?.open({ module, version: VERSION, kind: 'zip' });
    if (file === undefined) throw new Error('not stored');
    return file;
  };
  return {
    list: () => Promise.resolve({ value: [VERSION], fromCache: false, immutable: false }),
    info: (_module, query) =>
      ['latest', 'main', VERSION].includes(query)
        ? Promise.resolve({ value: Buffer.from('{}'), fromCache: false, immutable: query === VERSION })
        : unknown(query),
    mod: (_module, version) =>
      version === VERSION
        ? Promise.resolve({ value: Buffer.from(''), fromCache: true, immutable: true })
        : unknown(version),
    zip: (_module, version) =>
      version === VERSION
        ? Promise.resolve({ fromCache: true, stored: () => Promise.resolve({ hash: 'h1:abc=', open }) })
        : unknown(version),
  };
}

async function parts(): Promise<Partial<ServerOptions>> {
  const store = createDiskStore(await tempDir('gate'));
  const put = (kind: 'info' | 'mod' | 'zip' | 'ziphash', text: string) =>
    putBytes(store, { module, version: VERSION, kind }, Buffer.from(text));
  await put('info', `{"Version":"${VERSION}"}`);
  await put('mod', `module ${MODULE}\n`);
  await put('ziphash', 'h1:abc=');
  await put('zip', 'the bytes of a zip');
  const vanity = parseVanity(
    `host: ex.com\npaths:\n  /gated: https://git.example/gated.git\n`,
    '/vanity.yaml',
    {
      defaultHost: 'ex.com',
    },
  );
  const webhook = {
    secret: () => 'hook-secret',
    pushes: { handle: () => ({ matched: false, text: 'nothing' }) },
  };
  const databases = {
    get: () => Promise.resolve({ body: Buffer.from(''), hit: true, immutable: false }),
  };
  return {
    modules: modulesOf(store),
    store,
    vanity: () => vanity,
    webhook,
    databases,
    cache: cache(),
    faults,
  };
}

gateContract('one process', async (gate) => labServer({ ...(await parts()), gate }));

gateContract('a worker', async (gate) => {
  const options = await parts();
  const folder = await mkdtemp(path.join(tmpdir(), 'gate-')); // short enough for a socket
  const socket = path.join(folder, 'main.sock');
  const main = await labServer(
    { ...options, gate: workerGate(openGate), isBehindWorkers: true },
    { path: socket },
  );
  const worker = await startWorker(gate, options, socket);
  return {
    url: worker.url,
    async [Symbol.asyncDispose]() {
      await worker.server.close();
      await main[Symbol.asyncDispose]();
      removeTree(folder);
    },
  };
});

async function startWorker(gate: Gate, { store }: Partial<ServerOptions>, socket: string) {
  if (store === undefined) throw new Error('no store');
  const trusts = () => false;
  const server = new WorkerServer({ gate, observer, faults, cache: cache(), store, trusts, socket });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}

describe('behind workers', () => {
  it('a request without an admission, or with one that no worker wrote, is not answered', async () => {
    await using main: LabServer = await labServer({
      ...(await parts()),
      gate: workerGate(openGate),
      isBehindWorkers: true,
    });
    for (const headers of [{}, { 'x-modhaven-admission': '' }, { 'x-modhaven-admission': '{"name":1}' }])
      for (const url of ['/-/healthz', `/${MODULE}/@v/${VERSION}.info`])
        expect((await fetch(main.url + url, { headers })).status).toBe(500);
  });

  it('the admission of the worker is that of the main process', () => {
    const request = { headers: {} as Record<string, string> };
    for (const admission of [
      { principal: { name: 'alice (ü)' }, audience: 'user:alice\n(ü)' },
      { principal: { name: 'bob' }, audience: undefined },
      openGate({} as never) as { principal: { name: string }; audience: undefined },
    ]) {
      request.headers['x-modhaven-admission'] = encodeAdmission(admission);
      expect(workerGate(openGate)(request as never)).toEqual(admission);
    }
  });
});

describe('an admission', () => {
  it('is only there where a gate was asked', () => {
    const request = new IncomingMessage(new Socket());
    expect(() => admissionOf(request)).toThrow('a request got past the gate');
    const admission = { principal: { name: 'alice' }, audience: undefined };
    expect(admissionOf(admit(request, admission))).toBe(admission);
  });

  it('names what may be shared', () => {
    const of = (audience?: string) => ({ principal: { name: 'x' }, audience });
    expect(cacheKey('/a', of())).toBe('/a');
    expect(new Set([of(), of('a'), of('b')].map((one) => cacheKey('/a', one))).size).toBe(3);
    expect(cacheControlFor('public, max-age=5', of('a'))).toBe('private, max-age=5');
    expect(cacheControlFor('no-store', of('a'))).toBe('no-store');
    expect(cacheControlFor('public, max-age=5', of())).toBe('public, max-age=5');
  });
});
