import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { monotonicNow } from '../../src/concurrency/monotonic-clock.js';
import type { RepoRoots } from '../../src/modfetch/repo-root.js';
import type { Fetched, Modules } from '../../src/modfetch/repo.js';
import type { ModulePath } from '../../src/module/module-path.js';
import { ClientQueue } from '../../src/proxy/client-queue.js';
import { admit } from '../../src/proxy/gate.js';
import { FRESHNESS_HEADER, OUTCOME_HEADER, decodeOutcome } from '../../src/proxy/internal-headers.js';
import { ResponseCache } from '../../src/proxy/response-cache.js';
import type { ProxyRequest } from '../../src/proxy/request.js';
import type { TrackedRequest } from '../../src/proxy/request-tracker.js';
import { proxyRoutes, type RoutesOptions } from '../../src/proxy/routes.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const BASE = '/corp.test/lib/@v/';

interface Asked {
  parsed?: ProxyRequest;
  headers?: Record<string, string>;
  audience?: string;
  options?: Partial<RoutesOptions>;
  answer?: Partial<Fetched<never>>;
  follow?: string;
}

/** The reply to a request, what the modules were asked, and what the cache keeps of it for anyone. */
async function get(url: string, { parsed, headers = {}, audience, options, answer, follow }: Asked = {}) {
  const asked: unknown[][] = [];
  const say =
    <T>(method: string, value: T) =>
    (...args: unknown[]): Promise<Fetched<T>> => {
      asked.push([method, ...args]);
      return Promise.resolve({ value, fromCache: false, immutable: false, ...answer });
    };
  const closed = { times: 0 };
  const zip = Buffer.from('PK34');
  const file = {
    size: zip.length,
    read: (to: Buffer, length: number, at: number, done: (error: null, length: number) => void) =>
      setImmediate(() => done(null, zip.copy(to, 0, at, at + length))),
    close: () => (closed.times += 1),
  };
  const modules: Modules = {
    list: say('list', ['v1.0.0', 'v1.1.0']),
    info: say('info', Buffer.from('{}')),
    mod: say('mod', Buffer.from('module corp.test/lib\n')),
    zip: (...args) => {
      asked.push(['zip', ...args]);
      return Promise.resolve({
        fromCache: true,
        stored: () => Promise.resolve({ hash: HASH, open: () => Promise.resolve(file) }),
        ...(follow !== undefined && {
          follow: () =>
            Promise.resolve({ length: follow.length, body: Readable.from([Buffer.from(follow)]) }),
        }),
      });
    },
  };
  const cache = new ResponseCache({ maxBytes: () => 1_000_000, refreshMs: () => 60_000 });
  const app = Fastify();
  app.addHook('onRequest', (request, _reply, done) => {
    admit(request.raw, { principal: { name: 'ci' }, audience });
    if (parsed !== undefined) (request.raw as TrackedRequest).proxyRequest = parsed;
    done();
  });
  proxyRoutes(app, {
    clients: new ClientQueue({ limit: () => 500, trusts: () => false }),
    stored: { find: () => Promise.resolve(undefined) },
    modules,
    cache,
    trusts: () => false,
    roots: {} as RepoRoots,
    publicUrl: () => 'http://proxy.test',
    vanity: () =>
      parseVanity('host: corp.test\npaths:\n  /lib: http://git.test/lib.git\n', '/v.yaml', {
        defaultHost: '',
      }),
    ...options,
  });
  const { statusCode, headers: sent, body } = await app.inject({ url, headers });
  return { asked, closed, statusCode, headers: sent, body, cached: cache.get(url) };
}

const FETCH = { onlyCached: false };

describe('proxyRoutes', () => {
  it('takes what the fast path has parsed, and does not parse it again', async () => {
    const parsed = { kind: 'latest', module: 'corp.test/lib' as ModulePath } as const;
    expect((await get(`${BASE}list`, { parsed })).asked).toEqual([
      ['info', 'corp.test/lib', 'latest', FETCH],
    ]);
  });

  it.each([
    [`${BASE}list`, ['list', 'corp.test/lib', FETCH], 'text/plain; charset=utf-8', 'v1.0.0\nv1.1.0\n'],
    ['/corp.test/lib/@latest', ['info', 'corp.test/lib', 'latest', FETCH], 'application/json', '{}'],
    [`${BASE}main.info`, ['info', 'corp.test/lib', 'main', FETCH], 'application/json', '{}'],
    [
      `${BASE}v1.0.0.mod`,
      ['mod', 'corp.test/lib', 'v1.0.0', FETCH],
      'text/plain; charset=utf-8',
      'module corp.test/lib\n',
    ],
    [`${BASE}v1.0.0.zip`, ['zip', 'corp.test/lib', 'v1.0.0', FETCH], 'application/zip', 'PK34'],
    [
      `http://proxy.test${BASE}list`,
      ['list', 'corp.test/lib', FETCH],
      'text/plain; charset=utf-8',
      'v1.0.0\nv1.1.0\n',
    ],
  ])('answers %s', async (url, call, type, body) => {
    const reply = await get(url);
    expect(reply).toMatchObject({ statusCode: 200, asked: [call], body });
    expect(reply.headers['content-type']).toBe(type);
  });

  it('hands on that nothing may be fetched, and keeps nothing of such an answer', async () => {
    const reply = await get(`${BASE}list`, { headers: { 'disable-module-fetch': 'true' } });
    expect(reply.asked[0]?.at(-1)).toEqual({ onlyCached: true });
    expect(reply.cached).toBeUndefined();
  });

  it('keeps what may change, and not what is in the store or old', async () => {
    expect((await get(`${BASE}list`)).cached?.outcome).toEqual({ module: 'corp.test/lib', cache: 'hit' });
    expect((await get(`${BASE}list?x=1`)).cached).toBeUndefined();
    const lasting = await get(`${BASE}v1.0.0.mod`, { answer: { immutable: true } });
    expect(lasting.cached).toBeUndefined();
    expect(lasting.headers['cache-control']).toContain('immutable');
    const stale = await get(`${BASE}list`, { answer: { stale: true, fetchedAt: monotonicNow() - 90_000 } });
    expect(stale.cached).toBeUndefined();
    expect(stale.headers).toMatchObject({ age: '90', 'cache-control': 'public, max-age=10' });
  });

  it('keeps what needed a right for its audience alone', async () => {
    const reply = await get(`${BASE}list`, { audience: 'team' });
    expect(reply.headers['cache-control']).toBe('private, max-age=10');
    expect(reply.cached).toBeUndefined();
  });

  it('tells a worker what it may keep, and what to log', async () => {
    const { headers } = await get(`${BASE}list`, {
      options: { isBehindWorkers: true },
      answer: { fetchedAt: 7 },
    });
    expect(headers[FRESHNESS_HEADER]).toBe('7');
    expect(decodeOutcome(String(headers[OUTCOME_HEADER]))).toEqual({
      module: 'corp.test/lib',
      cache: 'fetch',
    });
  });

  it('sends a zip while it comes in, but a part of it only once it is stored', async () => {
    const url = `${BASE}v1.0.0.zip`;
    const followed = await get(url, { follow: 'PKxx' });
    expect([followed.body, followed.headers.etag, followed.closed.times]).toEqual(['PKxx', undefined, 0]);
    const part = await get(url, { follow: 'PKxx', headers: { range: 'bytes=2-3' } });
    expect(part).toMatchObject({ statusCode: 206, body: '34' });
    expect(part.headers.etag).toBe(`"${HASH}"`);
  });

  it('answers a page where go asks for one', async () => {
    const reply = await get('/lib?go-get=1', { headers: { host: 'corp.test' } });
    expect(reply).toMatchObject({ statusCode: 200, asked: [] });
    expect(reply.body).toContain('name="go-import"');
  });
});
