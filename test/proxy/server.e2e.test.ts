/** The server of the main process as a whole; its routes have tests of their own. */
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import type { Modules } from '../../src/modfetch/repo.js';
import { createServer } from '../../src/proxy/server.js';
import { ask, until } from '../support/ask.js';
import { labOptions, labServer, type LabServer } from './support/lab.js';

const running: LabServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server[Symbol.asyncDispose]();
});

async function start(...options: Parameters<typeof labServer>): Promise<LabServer> {
  const server = await labServer(...options);
  running.push(server);
  return server;
}

const hooks = (app: FastifyInstance): void => {
  app.route({
    method: ['POST', 'GET'],
    url: '/-/hook',
    exposeHeadRoute: false,
    config: { takesAnyMethod: true },
    handler: (request, reply) => reply.send(`${request.method}\n`),
  });
};

describe('createServer', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('reads only: %s is 405', async (method) => {
    const { url } = await start();
    const { status, headers, text } = await ask(url, '/ex.com/m/@v/list', { method });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    expect(text).toContain('method');
  });

  it('takes other methods where a route says so', async () => {
    const { url } = await start({ moreRoutes: hooks });
    expect((await ask(url, '/-/hook', { method: 'POST' })).text).toBe('POST\n');
    expect((await ask(url, '/-/healthz', { method: 'POST' })).status).toBe(405);
  });

  it('refuses a path that cannot be decoded as text that go shows', async () => {
    const { url } = await start();
    const { status, headers } = await ask(url, '/ex.com/%ff%zz/@v/list');
    expect([status, headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8']);
  });

  it('turns new requests away while it ends, finishes running ones, and then gives up the address', async () => {
    const { modules, answer, asked } = slowModules();
    const server = await start({ modules });
    const { url } = server;
    const slow = ask(url, '/ex.com/m/@v/list');
    await asked();
    const closed = server.close();
    const refused = await ask(url, '/-/healthz');
    expect([refused.status, refused.headers['retry-after'] !== undefined]).toEqual([503, true]);
    answer(['v1.0.0']);
    expect((await slow).text).toBe('v1.0.0\n');
    await closed;
    await expect(ask(url, '/-/healthz')).rejects.toThrow('ECONNREFUSED');
  });

  it('has another server answer what comes from now on, ends what it had begun, and with it when it is closed', async () => {
    const [before, after] = [slowModules(), slowModules()];
    const server = await start({ modules: before.modules });
    const next = createServer(labOptions({ modules: after.modules }));
    const { url } = server;
    const begun = ask(url, '/ex.com/m/@v/list');
    await before.asked();
    await next.app.ready();
    const ended = server.use(next);
    const later = ask(url, '/ex.com/m/@v/list');
    await after.asked();
    const closed = server.close();
    expect((await ask(url, '/-/healthz')).status).toBe(503);
    before.answer(['v1.0.0']);
    await ended;
    expect((await begun).text).toBe('v1.0.0\n');
    after.answer(['v2.0.0']);
    expect((await later).text).toBe('v2.0.0\n');
    await closed;
    await expect(ask(url, '/-/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});

/** Modules whose only list is answered when the test says so. */
function slowModules() {
  let resolve: (answer: object) => void = () => undefined;
  let isAsked = false;
  const list = () => {
    isAsked = true;
    return new Promise((done) => (resolve = done));
  };
  return {
    modules: { list } as unknown as Modules,
    asked: () =>
      until(
        () => isAsked,
        (is) => is,
      ),
    answer: (value: string[]) => resolve({ value, fromCache: false, immutable: false }),
  };
}
