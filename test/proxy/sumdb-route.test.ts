import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { ClientQueue } from '../../src/proxy/client-queue.js';
import { admit } from '../../src/proxy/gate.js';
import { OUTCOME_HEADER, decodeOutcome } from '../../src/proxy/internal-headers.js';
import { sumdbRoute } from '../../src/proxy/sumdb-route.js';
import type { SumdbAnswer } from '../../src/sumdb/databases.js';

async function get(
  url: string,
  answer: Partial<SumdbAnswer> | Error,
  { audience = undefined as string | undefined, isBehindWorkers = false } = {},
) {
  const asked: string[][] = [];
  const app = Fastify();
  app.addHook('onRequest', (request, _reply, done) => {
    admit(request.raw, { principal: { name: 'ci' }, audience });
    done();
  });
  sumdbRoute(app, {
    databases: {
      get: (name, path) => {
        asked.push([name, path]);
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve({ body: Buffer.from('the body'), hit: true, immutable: true, ...answer });
      },
    },
    clients: new ClientQueue({ limit: () => 500, trusts: () => false }),
    trusts: () => false,
    isBehindWorkers,
  });
  const { statusCode, headers, body } = await app.inject(url);
  return { asked, statusCode, headers, body };
}

describe('sumdbRoute', () => {
  it.each([
    ['/sumdb/db.test/supported', 'supported'],
    ['/sumdb/db.test/lookup/corp.test/!lib@v1.0.0', 'lookup/corp.test/!lib@v1.0.0'],
    ['/sumdb/db.test/lookup/a%40v1?x=1', 'lookup/a@v1'],
  ])('asks the database that %s names', async (url, path) => {
    const { asked, statusCode, body, headers } = await get(url, {});
    expect({ asked, statusCode, body }).toEqual({
      asked: [['db.test', path]],
      statusCode: 200,
      body: 'the body',
    });
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(headers).not.toHaveProperty(OUTCOME_HEADER);
  });

  it('says whether a caller has no login, where callers are known', async () => {
    for (const [name, knows, isAnonymous] of [
      ['anyone', true, true],
      ['ci', true, false],
      ['anyone', false, false],
    ] as const) {
      const app = Fastify();
      app.addHook('onRequest', (request, _reply, done) => {
        admit(request.raw, { principal: { name }, audience: undefined });
        done();
      });
      const said: unknown[] = [];
      sumdbRoute(app, {
        databases: {
          get: (...[, , isAnonymousCaller]) => {
            said.push(isAnonymousCaller);
            return Promise.resolve({ body: Buffer.alloc(0), hit: true, immutable: false });
          },
        },
        clients: new ClientQueue({ limit: () => 500, trusts: () => false }),
        trusts: () => false,
        isBehindWorkers: false,
        knowsCallers: () => knows,
      });
      await app.inject('/sumdb/db.test/latest');
      expect(said).toEqual([isAnonymous]);
    }
  });

  it('sends tiles as bytes', async () => {
    const { headers } = await get('/sumdb/db.test/tile/8/0/000', {});
    expect(headers['content-type']).toBe('application/octet-stream');
  });

  it('says how long an answer holds, for whom, and whether it is old', async () => {
    const url = '/sumdb/db.test/latest';
    expect((await get(url, {})).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const short = await get(url, { immutable: false, stale: true, asOf: 0 }, { audience: 'team' });
    expect(short.headers['cache-control']).toBe('private, max-age=10');
    expect(short.headers.warning).toContain('Stale');
  });

  it('tells a worker where the answer came from', async () => {
    const { headers } = await get('/sumdb/db.test/latest', { hit: false }, { isBehindWorkers: true });
    expect(decodeOutcome(String(headers[OUTCOME_HEADER]))).toEqual({ cache: 'fetch' });
  });

  it.each(['/sumdb/', '/sumdb/db.test', '/sumdb/db.test/', '/sumdb//latest'])('refuses %s', async (url) => {
    const { asked, body } = await get(url, {});
    expect(asked).toEqual([]);
    expect(body).toContain('expected /sumdb/NAME/');
  });

  it('leaves what the database says to the error handler', async () => {
    const { body } = await get('/sumdb/db.test/latest', new ModhavenError('HOST_TIMEOUT', 'it is silent'));
    expect(body).toContain('it is silent');
  });
});
