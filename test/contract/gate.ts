/**
 * What every place that answers requests owes to the gate: it is asked first, for each request, however the answer would
 * have been found; and what it refuses is not answered.
 */
import type { IncomingMessage } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Admission, Gate, Refusal } from '../../src/proxy/gate.js';
import { ask } from '../support/ask.js';

/** A running server behind a gate, with one module of which `VERSION` is stored, and a webhook. */
export interface GatedServer {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** What the store, the modules and the checksum databases behind the gate were asked, in all processes. */
  work: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export const MODULE = 'ex.com/gated';
export const VERSION = 'v1.0.0';

const at = `/${MODULE}/@v`;

/** Every kind of route there is, and every way to ask. */
export const REQUESTS: readonly {
  name: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
}[] = [
  { name: 'a stored .info', path: `${at}/${VERSION}.info` },
  { name: 'a stored .mod', path: `${at}/${VERSION}.mod` },
  { name: 'a stored .zip', path: `${at}/${VERSION}.zip` },
  { name: 'a part of a stored .zip', path: `${at}/${VERSION}.zip`, headers: { Range: 'bytes=0-9' } },
  { name: 'HEAD of a stored .zip', path: `${at}/${VERSION}.zip`, method: 'HEAD' },
  { name: 'HEAD of a stored .info', path: `${at}/${VERSION}.info`, method: 'HEAD' },
  {
    name: 'a stored .zip that the client has',
    path: `${at}/${VERSION}.zip`,
    headers: { 'If-None-Match': '*' },
  },
  {
    name: 'a stored .mod without fetching',
    path: `${at}/${VERSION}.mod`,
    headers: { 'Disable-Module-Fetch': 'true' },
  },
  { name: 'another spelling of it', path: `${at}/${VERSION.replaceAll('.', '%2e')}.info` },
  { name: 'with a query', path: `${at}/${VERSION}.info?x=1` },
  { name: 'as to a web proxy', path: `http://ex.com${at}/${VERSION}.info` },
  { name: 'a version that is not stored', path: `${at}/v9.9.9.zip` },
  { name: 'a list', path: `${at}/list` },
  { name: 'HEAD of a list', path: `${at}/list`, method: 'HEAD' },
  { name: '@latest', path: `/${MODULE}/@latest` },
  { name: 'a branch', path: `${at}/main.info` },
  { name: 'a go-import page', path: `/${MODULE}?go-get=1` },
  { name: 'the root', path: '/' },
  { name: 'what is not found', path: '/nowhere' },
  { name: 'what is not found below /-/', path: '/-/nowhere' },
  { name: 'what cannot be decoded', path: '/%zz' },
  { name: 'a malformed path', path: '/ex.com/../@v/list' },
  { name: 'healthz', path: '/-/healthz' },
  { name: 'readyz', path: '/-/readyz' },
  { name: 'status', path: '/-/status' },
  { name: 'HEAD of status', path: '/-/status', method: 'HEAD' },
  { name: 'the webhook', path: '/-/webhook', method: 'POST' },
  { name: 'the webhook with another method', path: '/-/webhook' },
  { name: 'a checksum database', path: '/sumdb/sum.example/supported' },
  { name: 'another method', path: `${at}/list`, method: 'DELETE' },
  { name: 'OPTIONS', path: '/', method: 'OPTIONS' },
];

const REFUSAL: Refusal = {
  reason: 'forbidden',
  refusedWith: 403,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: 'the gate says no\n',
};

/** `start` starts a server of the kind under test, which asks `gate`. */
export function gateContract(name: string, start: (gate: Gate) => Promise<GatedServer>): void {
  describe(`the gate of ${name}`, () => {
    let asked: string[];
    let decide: (request: IncomingMessage) => ReturnType<Gate>;
    const open: Admission = { principal: { name: 'anyone' }, audience: undefined };
    const gate: Gate = (request) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      return decide(request);
    };

    beforeEach(() => {
      asked = [];
      decide = () => open;
    });

    it.each(REQUESTS)(
      'is asked once for $name, each time',
      async ({ path, method = 'GET', headers = {} }) => {
        await using server = await start(gate);
        const before = asked.length;
        for (let i = 0; i < 3; i++) await ask(server.url, path, { method, headers });
        expect(asked.slice(before)).toEqual([1, 2, 3].map(() => `${method} ${path}`));
      },
    );

    it.each(REQUESTS)('stops $name, cold and warm', async ({ path, method = 'GET', headers = {} }) => {
      await using server = await start(gate);
      const refused = async (): Promise<void> => {
        decide = () => REFUSAL;
        const before = server.work.length;
        const { status, text, headers: replied } = await ask(server.url, path, { method, headers });
        expect([status, text]).toEqual([403, method === 'HEAD' ? '' : REFUSAL.body]);
        expect(replied['cache-control']).toBe('no-store');
        expect(replied).not.toHaveProperty('etag');
        // The same work for what exists and what does not: none. So the time tells nothing either.
        expect(server.work.slice(before)).toEqual([]);
      };
      await refused();
      decide = () => open;
      for (let i = 0; i < 3; i++) await ask(server.url, path, { method, headers });
      await refused();
    });

    it('stands before work that is done for what it lets through', async () => {
      await using server = await start(gate);
      const asks = async (path: string) => {
        const before = server.work.length;
        await ask(server.url, path);
        return server.work.slice(before);
      };
      expect(await asks(`${at}/${VERSION}.zip`)).not.toEqual([]);
      expect(await asks(`${at}/list`)).toEqual(['modules.list']);
      expect(await asks('/sumdb/sum.example/supported')).toEqual(['databases.get']);
    });

    it('may take its time', async () => {
      await using server = await start(gate);
      const path = `${at}/${VERSION}.info`;
      await ask(server.url, path);
      decide = async () => Promise.resolve(REFUSAL);
      expect((await ask(server.url, path)).status).toBe(403);
      decide = async () => Promise.resolve(open);
      expect((await ask(server.url, path)).status).toBe(200);
    });

    it.each([
      {
        how: 'throws',
        fail: () => {
          throw new Error('broken gate');
        },
      },
      { how: 'rejects', fail: async () => Promise.reject(new Error('broken gate')) },
    ])('lets no request through that it $how for', async ({ fail }) => {
      await using server = await start(gate);
      const path = `${at}/${VERSION}.info`;
      await ask(server.url, path);
      decide = fail;
      const { status, text } = await ask(server.url, path);
      expect(status).toBe(500);
      expect(text).toMatch(/^internal error in modhaven \(fault [0-9a-f]{12}\)\n/);
      expect(text).not.toContain('broken gate');
    });

    describe('what needed a right', () => {
      const paths = [`.info`, `.mod`, `.zip`].map((kind) => `${at}/${VERSION}${kind}`);
      const as = (user: string) => () => ({ principal: { name: user }, audience: `user:${user}` });

      it.each([...paths, `${at}/list`])('%s is private, for everyone public', async (path) => {
        await using server = await start(gate);
        const cacheControl = async () => (await ask(server.url, path)).headers['cache-control'];
        expect(await cacheControl()).toMatch(/^public, /);
        decide = as('alice');
        for (let i = 0; i < 3; i++) expect(await cacheControl()).toMatch(/^private, /);
        decide = as('bob');
        expect(await cacheControl()).toMatch(/^private, /);
        decide = () => open;
        expect(await cacheControl()).toMatch(/^public, /);
      });

      it('a failure says so, too', async () => {
        await using server = await start(gate);
        decide = as('alice');
        const { status, headers } = await ask(server.url, `${at}/v9.9.9.info`);
        expect([status, headers['cache-control']]).toEqual([404, 'private, max-age=5']);
      });
    });

    it.each(['x-modhaven-admission', 'x-modhaven-freshness'])(
      'does not believe the header %s of a client, and no response has it',
      async (header) => {
        await using server = await start(gate);
        decide = () => REFUSAL;
        const forged = encodeURIComponent(JSON.stringify({ name: 'admin' }));
        for (const value of [forged, 'open', '{']) {
          expect((await ask(server.url, `${at}/list`, { headers: { [header]: value } })).status).toBe(403);
        }
        decide = () => open;
        const { status, headers } = await ask(server.url, `${at}/list`, { headers: { [header]: forged } });
        expect(status).toBe(200);
        expect(Object.keys(headers).filter((name) => name.startsWith('x-modhaven-'))).toEqual([]);
      },
    );
  });
}
