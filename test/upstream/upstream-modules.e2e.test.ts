/** Pass-through against a real http server that plays the upstream and notes every name it is asked for. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskBlobStore } from '../../src/store/disk/disk-blob-store.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { createModuleRouter } from '../../src/modfetch/router.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { LastAnswers } from '../../src/modfetch/last-answers.js';
import type { ModuleSource, Modules } from '../../src/modfetch/repo.js';
import type { VersionStore } from '../../src/store/version-store.js';
import { httpClient } from '../support/http-client.js';
import { createGoproxyClient } from '../../src/upstream/goproxy-client.js';
import { createStaleCache } from '../../src/modfetch/stale-cache.js';
import { UpstreamModules } from '../../src/upstream/upstream-modules.js';
import { listenOnLoopback } from '../support/loopback.js';
import { tempDir } from '../support/tmp.js';
import { zipOf } from './fake-upstream.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const MODULE = parseModulePath('ex.test/Mod');
const BASE = '/ex.test/!mod/@v';
const FETCH = { onlyCached: false };
const CACHED = { onlyCached: true };

let asked: string[];
let answers: Record<string, Answer>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
let store: VersionStore;
let warn: ReturnType<typeof vi.fn>;

async function startUpstream() {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = answers[path] ?? status(404, 'not found: nobody knows');
    answer(request, response);
  });
  const host = await listenOnLoopback(server);
  return { ...host, url: `http://127.0.0.1:${host.port}` };
}

function status(code: number, text = '', headers: Record<string, string> = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end(text);
}

function send(bytes: Buffer): Answer {
  return (_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
}

function modulesBehind(
  urls: string[],
  fallbackOn: 'not-found' | 'any-error' = 'not-found',
  refreshMs = 0,
  direct?: () => ModuleSource,
): Modules {
  const proxies = urls.map((url) => ({ url, credentials: undefined, fallbackOn }));
  const log = { warn: warn as unknown as Logger['warn'] };
  const source = new UpstreamModules({
    ...(direct === undefined ? {} : { direct }),
    client: createGoproxyClient({ http: httpClient(), proxies: () => proxies, timeoutMs: () => 500 }),
    tempDir: folder,
  });
  const lastAnswers = new LastAnswers({
    staleCache: createStaleCache({ blobs: createDiskBlobStore(join(folder, 'upstream')), log }),
    freshForMs: () => refreshMs,
    staleAfterMs: () => staleAfterMs,
    log,
  });
  return new CachedModules(source, store, { log, lastAnswers, orStored: true, areApart: true });
}

/** The zip of a version, once it is stored. */
async function zip(modules: Modules, version: string): Promise<{ fromCache: boolean }> {
  const { fromCache, stored } = await modules.zip(MODULE, version);
  await stored();
  return { fromCache };
}

let folder: string;
/** Longer than any test waits, unless it says otherwise. */
let staleAfterMs: number;

beforeEach(async () => {
  asked = [];
  answers = {};
  staleAfterMs = 60_000;
  warn = vi.fn();
  folder = await tempDir('upstream');
  store = createDiskStore(join(folder, 'download'));
  upstream = await startUpstream();
});
afterEach(() => upstream.stop());

describe('what an upstream refuses by its policy', () => {
  const said =
    'blocked: ex.test/Mod v1.0.0\n  CVE-2026-0001, see https://u:pw@policy.corp/x\n\u0007ask secops\n';
  const refused = {
    code: 'UPSTREAM_POLICY',
    reason: 'blocked: ex.test/Mod v1.0.0\n  CVE-2026-0001, see https://***@policy.corp/x\nask secops',
  };

  it('is told with its words, is not an outage, and no other proxy is asked for it', async () => {
    answers[`${BASE}/v1.0.0.zip`] = status(403, said);
    const other = await startUpstream();
    const modules = modulesBehind([upstream.url, other.url]);
    await expect(modules.zip(MODULE, 'v1.0.0')).rejects.toMatchObject(refused);
    expect(asked).toHaveLength(1);
    await other.stop();
  });

  it('is not hidden behind an older answer', async () => {
    const modules = modulesBehind([upstream.url]);
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    await modules.list(MODULE);
    answers[`${BASE}/list`] = status(403, said);
    await expect(modules.list(MODULE)).rejects.toMatchObject(refused);
    answers[`${BASE}/list`] = status(403, '<html>Forbidden</html>');
    await expect(modules.list(MODULE)).rejects.toMatchObject({ reason: 'it does not say why' });
  });
});

describe('what cannot be of this module', () => {
  it.each([
    ['list', 'Service is under maintenance\n'],
    ['list', '<!doctype html><html></html>'],
    ['main.info', '{"Version":"v2.0.0","Time":"2024-01-02T03:04:05Z"}'],
    ['main.info', '{"Version":"1.0","Time":"2024-01-02T03:04:05Z"}'],
  ])('is refused as %s: %s', async (file, body) => {
    answers[`${BASE}/${file}`] = status(200, body);
    const modules = modulesBehind([upstream.url]);
    const asking = file === 'list' ? modules.list(MODULE) : modules.info(MODULE, 'main');
    await expect(asking).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });

  it('is a zip with another go.mod than the one that is stored, whichever comes first', async () => {
    answers[`${BASE}/v1.0.0.mod`] = status(200, 'module ex.test/Mod // poison\n');
    answers[`${BASE}/v1.0.0.zip`] = send(await zipOf('ex.test/Mod@v1.0.0', 'module ex.test/Mod\n', 'go.mod'));
    const modules = modulesBehind([upstream.url]);
    await modules.mod(MODULE, 'v1.0.0');
    await expect(zip(modules, 'v1.0.0')).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      message: expect.stringContaining('do not belong together') as string,
    });
    expect(await store.versions(MODULE, 'zip')).toEqual([]);
    store = createDiskStore(join(folder, 'another'));
    const others = modulesBehind([upstream.url]);
    await zip(others, 'v1.0.0');
    await expect(others.mod(MODULE, 'v1.0.0')).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });
});

describe('a version', () => {
  it('is asked for once and then served from the store', async () => {
    answers[`${BASE}/v1.0.0.info`] = status(200, '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
    answers[`${BASE}/v1.0.0.mod`] = status(200, 'module ex.test/Mod\n');
    answers[`${BASE}/v1.0.0.zip`] = send(await zipOf('ex.test/Mod@v1.0.0'));
    const modules = modulesBehind([upstream.url]);
    for (const fromCache of [false, true]) {
      await expect(modules.info(MODULE, 'v1.0.0', FETCH)).resolves.toMatchObject({
        fromCache,
        immutable: true,
      });
      await expect(modules.mod(MODULE, 'v1.0.0')).resolves.toMatchObject({ fromCache });
      await expect(zip(modules, 'v1.0.0')).resolves.toEqual({ fromCache });
    }
    expect(asked).toEqual([`${BASE}/v1.0.0.info`, `${BASE}/v1.0.0.mod`, `${BASE}/v1.0.0.zip`]);
    const hash = await store.read({ module: MODULE, version: 'v1.0.0', kind: 'ziphash' });
    expect(hash?.toString()).toMatch(/^h1:.{44}$/);
  });

  it('is fetched once, however many ask at the same time', async () => {
    answers[`${BASE}/v1.0.0.zip`] = send(await zipOf('ex.test/Mod@v1.0.0'));
    const modules = modulesBehind([upstream.url]);
    await Promise.all(Array.from({ length: 20 }, () => zip(modules, 'v1.0.0')));
    expect(asked).toEqual([`${BASE}/v1.0.0.zip`]);
  });

  it.each([
    {
      name: 'an error page',
      body: () => Promise.resolve(Buffer.from('<html>please log in</html>')),
      says: 'it is not a zip',
    },
    {
      name: 'another module',
      body: () => zipOf('ex.test/other@v1.0.0'),
      says: 'it holds ex.test/other@v1.0.0/mod.go',
    },
    {
      name: 'a cut-off zip',
      body: async () => (await zipOf('ex.test/Mod@v1.0.0')).subarray(0, 60),
      says: /end of central directory|end of.*record/i,
    },
  ])('is not stored when the zip is $name', async ({ body, says }) => {
    answers[`${BASE}/v1.0.0.zip`] = send(await body());
    const modules = modulesBehind([upstream.url]);
    const failure = zip(modules, 'v1.0.0');
    await expect(failure).rejects.toMatchObject({ reason: expect.stringMatching(says) as string });
    for (const kind of ['zip', 'ziphash'] as const) {
      await expect(store.size({ module: MODULE, version: 'v1.0.0', kind })).resolves.toBeUndefined();
    }
  });

  it('is not stored when its .info names another', async () => {
    answers[`${BASE}/v1.0.0.info`] = status(200, '{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}');
    await expect(modulesBehind([upstream.url]).info(MODULE, 'v1.0.0', FETCH)).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      reason: 'it names another version',
    });
    await expect(store.size({ module: MODULE, version: 'v1.0.0', kind: 'info' })).resolves.toBeUndefined();
  });

  it('is answered from the store alone where fetching is forbidden', async () => {
    const modules = modulesBehind([upstream.url]);
    await expect(modules.info(MODULE, 'v1.0.0', CACHED)).rejects.toMatchObject({ code: 'NOT_CACHED' });
    await expect(modules.list(MODULE, CACHED)).rejects.toMatchObject({ code: 'NOT_CACHED' });
    answers[`${BASE}/v1.0.0.info`] = status(200, '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
    await modules.info(MODULE, 'v1.0.0', FETCH);
    await expect(modules.list(MODULE, CACHED)).resolves.toMatchObject({ value: ['v1.0.0'] });
    await expect(modules.info(MODULE, 'latest', CACHED)).resolves.toMatchObject({ fromCache: true });
    expect(asked).toEqual([`${BASE}/v1.0.0.info`]);
  });
});

describe('a list', () => {
  it('is the last known one, with a warning, when the upstream fails', async () => {
    answers[`${BASE}/list`] = status(200, 'v1.0.0\nv1.1.0 2024-01-02T03:04:05Z\nnonsense\n');
    const modules = modulesBehind([upstream.url]);
    const expected = { value: ['v1.0.0', 'v1.1.0'] };
    await expect(modules.list(MODULE, FETCH)).resolves.toMatchObject(expected);
    answers[`${BASE}/list`] = status(500);
    await expect(modules.list(MODULE, FETCH)).resolves.toMatchObject(expected);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('is the last known one while the upstream takes its time, and the new one when that has come', async () => {
    let release: () => void = () => undefined;
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    const modules = modulesBehind([upstream.url]);
    await modules.list(MODULE, FETCH);
    answers[`${BASE}/list`] = (_request, response) => {
      release = () => void response.end('v1.1.0\n');
    };
    staleAfterMs = 1;
    await expect(modules.list(MODULE, FETCH)).resolves.toMatchObject({ value: ['v1.0.0'], stale: true });
    staleAfterMs = 60_000;
    const next = modules.list(MODULE, FETCH);
    await vi.waitFor(() => expect(asked).toHaveLength(2), { timeout: 20_000 });
    release();
    await expect(next).resolves.toMatchObject({ value: ['v1.1.0'] });
  });

  it('is gone when the upstream says so', async () => {
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    const modules = modulesBehind([upstream.url]);
    await modules.list(MODULE, FETCH);
    answers[`${BASE}/list`] = status(404, 'not found: removed');
    await expect(modules.list(MODULE, FETCH)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });

  it('is known after a restart, and says how old it is', async () => {
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    answers['/ex.test/!mod/@latest'] = status(200, '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
    const first = modulesBehind([upstream.url]);
    const { fetchedAt: asOf } = await first.list(MODULE, FETCH);
    await first.info(MODULE, 'latest', FETCH);
    answers = {};
    await upstream.stop();
    const modules = modulesBehind([upstream.url]);
    const list = await modules.list(MODULE, FETCH);
    expect(list).toMatchObject({ value: ['v1.0.0'], stale: true });
    expect(list.fetchedAt).toBeCloseTo(asOf ?? 0, -1);
    await expect(modules.info(MODULE, 'latest', FETCH)).resolves.toMatchObject({ stale: true });
    await expect(modules.info(MODULE, 'main', FETCH)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('is computed from what is stored when nothing is known and no upstream can be asked', async () => {
    answers[`${BASE}/v1.0.0.info`] = status(200, '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
    const modules = modulesBehind([upstream.url]);
    await modules.info(MODULE, 'v1.0.0', FETCH);
    answers = { [`${BASE}/list`]: status(500), '/ex.test/!mod/@latest': status(500) };
    await expect(modules.list(MODULE, FETCH)).resolves.toMatchObject({ value: ['v1.0.0'], stale: true });
    await expect(modules.info(MODULE, 'latest', FETCH)).resolves.toMatchObject({ stale: true });
  });

  it('is found at once when it appears: nothing remembers that there was none', async () => {
    const modules = modulesBehind([upstream.url], 'not-found', 60_000);
    await expect(modules.list(MODULE, FETCH)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    await expect(modules.list(MODULE, FETCH)).resolves.toMatchObject({ value: ['v1.0.0'] });
  });

  it('is not an error page', async () => {
    answers[`${BASE}/list`] = status(200, '<html>please log in</html>');
    answers[`${BASE}/v1.0.0.mod`] = status(200, '<html>please log in</html>');
    const modules = modulesBehind([upstream.url]);
    await expect(modules.list(MODULE, FETCH)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    await expect(modules.mod(MODULE, 'v1.0.0')).rejects.toMatchObject({
      code: 'HOST_REFUSED',
    });
  });

  it('is not asked for again within refresh', async () => {
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    const modules = modulesBehind([upstream.url], 'not-found', 60_000);
    await modules.list(MODULE, FETCH);
    await modules.list(MODULE, FETCH);
    expect(asked).toHaveLength(1);
  });
});

describe('@latest of a proxy that lacks it', () => {
  it.each([
    { list: 'v1.0.0\nv1.10.0\nv1.9.0\nv2.0.0-rc.1\n', newest: 'v1.10.0' },
    { list: 'v1.0.0-rc.1\nv1.0.0-rc.2\n', newest: 'v1.0.0-rc.2' },
  ])('is the newest of its list: $newest', async ({ list, newest }) => {
    answers[`${BASE}/list`] = status(200, list);
    answers[`${BASE}/${newest}.info`] = status(200, `{"Version":"${newest}","Time":"2024-01-02T03:04:05Z"}`);
    const { value } = await modulesBehind([upstream.url]).info(MODULE, 'latest', FETCH);
    expect(JSON.parse(String(value))).toMatchObject({ Version: newest });
  });

  it('is not found where the list is empty, and an outage where the proxy fails', async () => {
    const modules = modulesBehind([upstream.url]);
    answers[`${BASE}/list`] = status(200, '');
    await expect(modules.info(MODULE, 'latest', FETCH)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    answers['/ex.test/!mod/@latest'] = status(500);
    answers[`${BASE}/list`] = status(200, 'v1.0.0\n');
    await expect(modules.info(MODULE, 'latest', FETCH)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });
});

describe('the list of upstreams', () => {
  it.each([
    { answer: 404, fallbackOn: 'not-found', code: undefined },
    { answer: 410, fallbackOn: 'not-found', code: undefined },
    { answer: 403, fallbackOn: 'not-found', code: 'UPSTREAM_POLICY' },
    { answer: 500, fallbackOn: 'not-found', code: 'HOST_REFUSED' },
    { answer: 500, fallbackOn: 'any-error', code: undefined },
  ] as const)('after $answer with $fallbackOn: $code', async ({ answer, fallbackOn, code }) => {
    answers[`/first${BASE}/list`] = status(answer);
    answers[`/second${BASE}/list`] = status(200, 'v1.0.0\n');
    const list = modulesBehind([`${upstream.url}/first`, `${upstream.url}/second`], fallbackOn).list(
      MODULE,
      FETCH,
    );
    if (code === undefined) await expect(list).resolves.toMatchObject({ value: ['v1.0.0'] });
    else await expect(list).rejects.toMatchObject({ code });
  });

  it('tells an outage before a "not found", as go does', async () => {
    answers[`/first${BASE}/list`] = status(500);
    const urls = [`${upstream.url}/first`, `${upstream.url}/second`];
    await expect(modulesBehind(urls, 'any-error').list(MODULE, FETCH)).rejects.toMatchObject({
      code: 'HOST_REFUSED',
    });
    expect(asked).toHaveLength(2);
  });

  it.each([
    { answer: 404, fallbackOn: 'not-found', isDirect: true },
    { answer: 500, fallbackOn: 'not-found', isDirect: false },
    { answer: 500, fallbackOn: 'any-error', isDirect: true },
  ] as const)(
    'comes to "direct" after $answer with $fallbackOn: $isDirect',
    async ({ answer, fallbackOn, isDirect }) => {
      const info = Buffer.from('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
      const made = vi.fn<(kind: string) => void>();
      const asOf = Date.now();
      const repository: ModuleSource = {
        list: () => Promise.resolve({ versions: ['v9.0.0'], asOf }),
        info: () => Promise.resolve({ version: 'v1.0.0', info, asOf }),
        mod() {
          made('mod');
          return Promise.resolve({ mod: Buffer.from('module ex.test/Mod\n') });
        },
        zip() {
          made('zip');
          return Promise.resolve({
            deliver: (target) =>
              target.put((sink) => {
                sink.write('PK');
                return Promise.resolve('h1:hash');
              }),
          });
        },
      };
      for (const file of ['list', 'v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip']) {
        answers[`${BASE}/${file}`] = status(answer);
      }
      const modules = modulesBehind([upstream.url], fallbackOn, 0, () => repository);
      const results = await Promise.allSettled([
        modules.list(MODULE, FETCH),
        modules.info(MODULE, 'v1.0.0', FETCH),
        modules.mod(MODULE, 'v1.0.0'),
        zip(modules, 'v1.0.0'),
      ]);
      const expected = isDirect ? 'fulfilled' : 'rejected';
      expect(results.map((result) => result.status)).toEqual([expected, expected, expected, expected]);
      expect(made).toHaveBeenCalledTimes(isDirect ? 2 : 0);
      expect(asked).toHaveLength(4);
    },
  );

  it('is asked so many things at once, and a request that waits too long is told so', async () => {
    let release: () => void = () => undefined;
    answers[`${BASE}/list`] = (_request, response) => {
      release = () => void response.end('v1.0.0\n');
    };
    let timeoutMs = 60_000;
    const proxy = { url: upstream.url, credentials: undefined, fallbackOn: 'not-found' as const };
    const client = createGoproxyClient({
      http: httpClient(),
      proxies: () => [proxy],
      timeoutMs: () => timeoutMs,
      concurrency: 1,
    });
    const read = (path: string) => client.read(path, () => Promise.resolve('read'));
    const slow = read(`${BASE}/list`);
    await vi.waitFor(() => expect(asked).toHaveLength(1), { timeout: 20_000 });
    timeoutMs = 20; // for later callers
    await expect(read(`${BASE}/v1.0.0.mod`)).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: 'the upstream proxy cannot be asked now',
    });
    expect(asked).toHaveLength(1);
    timeoutMs = 60_000;
    release();
    await expect(slow).resolves.toBe('read');
    await expect(read(`${BASE}/v1.0.0.mod`)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });

  it('gives up an upstream that says nothing', async () => {
    answers[`${BASE}/list`] = () => undefined;
    await expect(modulesBehind([upstream.url]).list(MODULE, FETCH)).rejects.toMatchObject({
      code: 'HOST_TIMEOUT',
    });
  });

  it('follows a redirect', async () => {
    answers[`${BASE}/list`] = status(302, '', { location: `${upstream.url}/storage` });
    answers['/storage'] = status(200, 'v1.0.0\n');
    await expect(modulesBehind([upstream.url]).list(MODULE, FETCH)).resolves.toMatchObject({
      value: ['v1.0.0'],
    });
  });

  it('may name a folder', async () => {
    answers[`${BASE}/v1.0.0.info`] = status(200, '{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
    await modulesBehind([upstream.url]).info(MODULE, 'v1.0.0', FETCH);
    const tree = new URL(`file://${join(folder, 'download')}`).href;
    store = createDiskStore(join(folder, 'second'));
    const modules = modulesBehind([tree]);
    await expect(modules.info(MODULE, 'v1.0.0', FETCH)).resolves.toMatchObject({ fromCache: false });
    await expect(modules.info(MODULE, 'v2.0.0', FETCH)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });
});

describe('createModuleRouter', () => {
  it('never asks the upstream for what is ours', async () => {
    const refuse = () => Promise.reject(new Error('ours is down'));
    const ours: Modules = { list: refuse, info: refuse, mod: refuse, zip: refuse };
    const modules = createModuleRouter({
      ours,
      upstream: modulesBehind([upstream.url]),
      offline: ours,
      covers: (path) => path.startsWith('my.corp/'),
      hasUpstream: () => true,
    });
    const secret = parseModulePath('my.corp/secret');
    await expect(modules.list(secret, FETCH)).rejects.toThrow('ours is down');
    await expect(modules.info(secret, 'v1.0.0', FETCH)).rejects.toThrow('ours is down');
    await expect(modules.zip(secret, 'v1.0.0')).rejects.toThrow('ours is down');
    expect(asked).toEqual([]);
    await expect(modules.list(MODULE, FETCH)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(asked).toEqual([`${BASE}/list`]);
  });
});
