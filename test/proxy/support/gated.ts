/** Servers with one stored module behind a gate: one process, and a worker with its main process. */
import { mkdtemp } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { ModhavenError } from '../../../src/errors.js';
import { Faults } from '../../../src/log/faults.js';
import type { Modules } from '../../../src/modfetch/repo.js';
import type { ModulePath } from '../../../src/module/module-path.js';
import { openGate, workerGate, type Gate } from '../../../src/proxy/gate.js';
import type { ReplyEvent } from '../../../src/proxy/observer.js';
import { ResponseCache } from '../../../src/proxy/response-cache.js';
import { requestIdOf } from '../../../src/proxy/http/request-id.js';
import type { ServerOptions } from '../../../src/proxy/server.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { putBytes, type OpenPart, type VersionStore } from '../../../src/store/version-store.js';
import { parseVanity } from '../../../src/vanity/vanity-file.js';
import { webhookRoute } from '../../../src/webhook/route.js';
import { WorkerServer } from '../../../src/workers/worker-server.js';
import { MODULE, VERSION, type GatedServer } from '../../contract/gate.js';
import { removeTree, tempDir } from '../../support/tmp.js';
import { labServer } from './lab.js';

export interface SceneOptions {
  gate?: Gate;
  replied?: (reply: ReplyEvent) => void;
}

const module = MODULE as ModulePath;
const faults = new Faults({ log: pino({ level: 'silent' }) });
const cache = () => new ResponseCache({ maxBytes: () => 16 * 2 ** 20, refreshMs: () => 60_000 });
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
    list: (asked) =>
      asked === 'ex.com/slow'
        ? new Promise(() => undefined)
        : Promise.resolve({ value: [VERSION], fromCache: false, immutable: false }),
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

/** `target`, with each call of one of its methods noted in `work`, also of objects that it holds. */
function noting<T extends object>(name: string, target: T, work: string[]): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      const known = `${name}.${String(key)}`;
      if (typeof value === 'object' && value !== null) return noting(known, value, work);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        work.push(known);
        return Reflect.apply(value, object, given);
      };
    },
  });
}

export async function parts(): Promise<
  Partial<ServerOptions> & { store: VersionStore; work: readonly string[] }
> {
  const work: string[] = [];
  const stored = createDiskStore(await tempDir('gate'));
  const store = noting('store', stored, work);
  const put = (kind: 'info' | 'mod' | 'zip' | 'ziphash', text: string) =>
    putBytes(stored, { module, version: VERSION, kind }, Buffer.from(text));
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
  const log = pino({ level: 'silent' });
  const secret = () => 'hook-secret';
  const pushes = { handle: () => ({ matched: false, text: 'nothing' }) };
  const databases = {
    get: () => Promise.resolve({ body: Buffer.from(''), hit: true, immutable: false }),
  };
  return {
    work,
    modules: noting('modules', modulesOf(stored), work),
    store,
    vanity: () => vanity,
    moreRoutes: (app) => webhookRoute(app, { log, secret, pushes, requestIdOf }),
    databases: noting('databases', databases, work),
    cache: cache(),
    faults,
  };
}

const quiet = (): void => undefined;

export async function oneProcess({ gate = openGate, replied = quiet }: SceneOptions): Promise<GatedServer> {
  const { work, ...options } = await parts();
  return { ...(await labServer({ ...options, gate, observer: { replied } })), work };
}

/** A worker of this process, and the main process that it asks. */
export async function workerAndMain({
  gate = openGate,
  replied = quiet,
}: SceneOptions): Promise<GatedServer> {
  const { work, ...options } = await parts();
  const folder = await mkdtemp(path.join(tmpdir(), 'gate-')); // short enough for a socket
  const socket = path.join(folder, 'main.sock');
  const main = await labServer(
    { ...options, gate: workerGate(openGate), isBehindWorkers: true },
    { path: socket },
  );
  const { store } = options;
  const worker = new WorkerServer({
    gate,
    faults,
    store,
    socket,
    observer: { replied },
    cache: cache(),
    trusts: () => false,
  });
  await worker.listen({ host: '127.0.0.1', port: 0 });
  const { port } = worker.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    work,
    async [Symbol.asyncDispose]() {
      await worker.close();
      await main[Symbol.asyncDispose]();
      removeTree(folder);
    },
  };
}
